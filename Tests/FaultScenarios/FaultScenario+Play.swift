import ClusterModel
import Execution
package import Simulation

extension FaultScenario {
    /// The whole of it: the run to its end and, at random, taken up again by somebody, at once or
    /// when the world is well, to go on, to go back or to make an end.
    package func play(
        isTold: Bool = false, checksCoding: Bool = false, shortcut: VirtualRun.Shortcut? = nil,
        machine: @escaping VirtualRun.MachineFactory = {
            RunMachine(state: $0, recovering: $1)
        }
    ) -> VirtualRun {
        var run = run(machine: machine)
        run.isTold = isTold
        run.checksCoding = checksCoding
        run.shortcut = shortcut
        guard let outcome = run.run(), run.violations.isEmpty else { return run }
        var random = SplitMix64(seed: ~seed)
        guard random.chance(40), outcome.state != .rolledBack else { return run }
        run.interruptions = VirtualRun.Interruptions()
        if random.chance(60) { run.quiesce() }
        if random.chance(30) {
            run.interruptions.crashes = [Int(random.number(in: 1...200))]
        }
        let goals: [RunGoal] = outcome.state == .done ? [.rollback] : [.forward, .rollback, .abort]
        _ = run.run(to: random.pick(goals) ?? .rollback)
        return run
    }

    /// The play again, line by line, for whoever has to understand what went wrong.
    package func story(
        machine: @escaping VirtualRun.MachineFactory = {
            RunMachine(state: $0, recovering: $1)
        }
    ) -> String {
        let told = play(isTold: true, checksCoding: true, machine: machine)
        let hosts = world.hosts.map { host in
            let guests = host.domains.map { copy in
                "\(copy.facts.name) \(copy.facts.memory)"
                    + (copy.facts.isPersistent ? "" : " transient")
                    + (copy.facts.autostart ? " autostart" : "") + Self.words(copy)
            }
            return "  \(host.name) with \(host.facts.memory), \(host.linkMbps) Mbit/s: "
                + guests.joined(separator: ", ")
        }
        let faults = world.schedule.map { "  \($0.trigger): \($0.fault)" }
        return
            (["seed \(seed)"] + told.violations.map { "VIOLATION: \($0)" } + hosts
            + ["  options: \(plan.options)"] + faults + told.story).joined(separator: "\n")
    }

    /// What is unusual about its disk, firmware and manners.
    private static func words(_ copy: SimulatedDomain) -> String {
        guard let guest = copy.guest else { return "" }
        let isLocal = copy.facts.disks.contains { disk in
            if case .file(let path) = disk.source { !path.hasPrefix("/srv/shared/") } else { false }
        }
        let words = [
            copy.isActive ? nil : "off", isLocal ? "local disk" : nil,
            guest.firmware.map { "uefi \($0.form)" },
            guest.tpm.map { $0.isKept ? "tpm kept" : "tpm" },
            guest.shutdown == .prompt ? nil : "\(guest.shutdown)",
        ].compactMap { $0 }
        return words.isEmpty ? "" : " (\(words.joined(separator: ", ")))"
    }
}
