import ClusterModel
import Execution
import PlacementPolicy
import Simulation

/// One line under `faults:` of a scenario: when, what, to whom.
struct FaultEntry {
    let table: YAMLTable
    let world: SimulatedWorld

    func add(to faults: inout ScenarioReader.Faults) throws(PolicyError) {
        let word = try table.required(table.scalar("fault", "a word") { $0 }, "fault")
        if try addOurs(word, to: &faults) { return }
        guard let fault = try fault(word) else {
            throw table.error(
                "there is no fault '\(word)'; simulations/README.md has the list", at: "fault")
        }
        faults.schedule.append(ScheduledFault(try trigger(), fault))
    }

    /// Faults of our own process, and a person's wishes.
    private func addOurs(
        _ word: String, to faults: inout ScenarioReader.Faults
    ) throws(PolicyError) -> Bool {
        switch word {
        case "crash" where table.has("at"):
            faults.interruptions.crashTimes.insert(try time("at"))
        case "crash":
            faults.interruptions.crashesAfterRecords.insert(try number("record"))
        case "disk-full":
            let first = try number("record")
            let count = try table.scalar("for", "a number of records") { Int($0) } ?? 1
            faults.interruptions.unwritable.formUnion(first..<first + count)
        case "clock-step":
            let step = try table.required(
                table.scalar("by", "a time such as -3600s", Self.signedTime), "by")
            faults.interruptions.clockSteps[try time("at")] = step
        case "stop":
            faults.interruptions.wishes[try time("at")] = .stop(reason: "a person asks to stop")
        case "abort":
            faults.interruptions.wishes[try time("at")] = .abort(reason: "a person aborts")
        default:
            return false
        }
        return true
    }

    private func fault(_ word: String) throws(PolicyError) -> SimulatedFault? {
        switch word {
        case "daemon-restart":
            .daemonRestart(try host("host"), silentMilliseconds: try time("for"))
        case "host-loss": .hostLoss(try host("host"))
        case "host-reboot": .hostReboot(try host("host"), downMilliseconds: try time("for"))
        case "link-loss": .linkLoss(try host("host"), milliseconds: try time("for"))
        case "slow-link":
            .slowLink(
                try host("host"),
                mbps: try table.required(table.scalar("to", "Mbit/s") { Int($0) }, "to"))
        case "connection-loss":
            .connectionLoss(try host("host"), milliseconds: try time("for"))
        case "another-machine":
            .anotherMachine(try host("host"), milliseconds: try time("for"))
        case "another-controller":
            .anotherController(try host("host"), milliseconds: try time("for"))
        case "backup": .backup(try domain(), milliseconds: try time("for"))
        case "peer-loss": .peerLoss(try host("host"), milliseconds: try time("for"))
        case "stuck-monitor": .stuckMonitor(try domain(), milliseconds: try time("for"))
        case "lost-finish": .lostFinish(try domain())
        case "lost-confirm": .lostConfirm(try domain())
        case "lost-undefine": .lostUndefine(try domain())
        case "killed-in-finish": .killedInFinish(try domain())
        case "postcopy-break": .postcopyBreak(try domain())
        case "guest-shut-down": .guestShutDown(try domain())
        case "guest-started": .guestStarted(try domain())
        case "guest-paused": .guestPaused(try domain())
        case "guest-resumed": .guestResumed(try domain())
        case "guest-busy":
            .guestBusy(
                try domain(),
                dirtyRate: .mebibytes(
                    Int64(
                        try table.required(
                            table.scalar("to", "a rate", Quantity.mebibytesPerSecond), "to"))))
        case "moved-by-another": .movedByAnother(try domain(), to: try host("to"))
        case "moved-carelessly": .movedCarelessly(try domain(), to: try host("to"))
        case "host-disabled": .hostDisabled(try host("host"))
        case "power-cut": .powerCut(try host("host"), downMilliseconds: try time("for"))
        case "guest-late": .guestLate(try domain(), milliseconds: try time("for"))
        case "guest-deaf": .guestDeaf(try domain())
        case "start-fails": .startFails(try domain(), on: try host("host"))
        case "foreign-file":
            .foreignFile(
                try host("host"),
                path: try table.required(table.scalar("path", "a path") { $0 }, "path"))
        case "aborted-by-another": .abortedByAnother(try domain())
        default: nil
        }
    }

    /// `at: 2.5s`, `when: web1 enters perform`, `when: web1 has ended` or `when: web1 is down`.
    private func trigger() throws(PolicyError) -> ScheduledFault.Trigger {
        guard table.has("when") else {
            return .at(ScenarioReader.start.advanced(byMilliseconds: try time("at")))
        }
        let sentence = try table.scalar("when", "a sentence") { $0 } ?? ""
        let words = sentence.split(separator: " ").map(String.init)
        let state = words.dropFirst().joined(separator: " ")
        if let domain = words.first, let trigger = Self.states[state] {
            return trigger(try known(domain))
        }
        if words.count == 3, words[1] == "enters",
            let phase = SimulatedMigration.Phase(rawValue: words[2])
        {
            return .phase(try known(words[0]), phase)
        }
        let phases = SimulatedMigration.Phase.allCases.map(\.rawValue).joined(separator: ", ")
        throw table.error(
            "'\(sentence)' must be '<domain> enters <phase>' with a phase of \(phases), or "
                + "'<domain> has ended', 'is asked', 'is down' or 'is copied'", at: "when")
    }

    private static let states: [String: @Sendable (DomainID) -> ScheduledFault.Trigger] = [
        "has ended": { .ended($0) }, "is asked": { .asked($0) }, "is down": { .down($0) },
        "is copied": { .copying($0) },
    ]

    private func domain() throws(PolicyError) -> DomainID {
        try known(try table.required(table.scalar("domain", "a domain") { $0 }, "domain"))
    }

    private func known(_ name: String) throws(PolicyError) -> DomainID {
        let id = ScenarioReader.id(of: name)
        guard world.hosts.contains(where: { $0.domain(id) != nil }) else {
            throw table.error("there is no domain '\(name)'", at: "fault")
        }
        return id
    }

    private func host(_ key: String) throws(PolicyError) -> HostName {
        let name = HostName(try table.required(table.scalar(key, "a host") { $0 }, key))
        guard world.host(name) != nil else {
            throw table.error("there is no host '\(name)'", at: key)
        }
        return name
    }

    private func number(_ key: String) throws(PolicyError) -> Int {
        try table.required(table.scalar(key, "a number") { Int($0) }, key)
    }

    private func time(_ key: String) throws(PolicyError) -> Int64 {
        try table.required(
            table.scalar(key, "a time such as 2.5s or 3m", Self.time), key)
    }

    /// Milliseconds.
    private static func time(_ text: String) -> Int64? {
        guard text.hasSuffix("s"), let scaled = Quantity.thousandths(String(text.dropLast()))
        else { return Quantity.seconds(text).map { $0 * 1000 } }
        return scaled
    }

    private static func signedTime(_ text: String) -> Int64? {
        text.hasPrefix("-") ? time(String(text.dropFirst())).map { -$0 } : time(text)
    }
}
