import ClusterModel
import Execution
import HypervisorInterface
import Persistence
import PlacementPolicy

/// Asks hosts in which boot they are: the kernel draws an id for each.
struct BootReader: Sendable {
    let hosts: FleetHosts
    let commands: any HostCommands
    /// nil asks over the ssh of the host's URI.
    let template: CommandTemplate?

    private static let script = "cat /proc/sys/kernel/random/boot_id && uname -r"
    private static let longest = 200

    /// Throws, for people, where the host does not say.
    func boot(of host: FleetHost) async throws -> HostBoot {
        let answer: HostShellAnswer
        if let template {
            answer = await commands.answer(to: template.line(for: host))
        } else if let shell = hosts[host.name]?.shell {
            answer = await shell.run(Self.script)
        } else {
            throw CommandError(
                "\(host.name): its URI \(host.uri) is not over ssh, so its boot id cannot be read: "
                    + "add --boot-id 'ssh {host} cat /proc/sys/kernel/random/boot_id', or another "
                    + "command that prints it")
        }
        let lines = answer.output.split(whereSeparator: \.isNewline).map(String.init)
        guard let id = lines.first, !id.isEmpty, id.count <= Self.longest,
            template != nil || lines.count == 2
        else {
            let reason = answer.errors.isEmpty ? "no answer" : OutsideText.oneLine(answer.errors)
            throw CommandError("\(host.name) does not tell its boot id: \(reason)", exit: .failed)
        }
        return HostBoot(id: id, kernel: template == nil ? lines.last : nil)
    }

    /// Before anything is begun: every host says which boot it is in, and none is this machine.
    func refuseUnreadable(_ names: [HostName]) async throws {
        let fleet = hosts.fleet.hosts.filter { names.contains($0.name) }
        for host in fleet where LibvirtURI.isLocal(host.uri) {
            throw Self.isHere(host.name)
        }
        let found = await FitnessProbes.inParallel(fleet) {
            host -> Result<HostBoot, CommandError> in
            do {
                return .success(try await boot(of: host))
            } catch {
                return .failure(error as? CommandError ?? CommandError("\(error)", exit: .failed))
            }
        }
        var owners: [String: HostName] = [:]
        for host in fleet {
            guard let boot = try found[host.name]?.get() else { continue }
            try refuseOwn(boot, of: host.name)
            if let other = owners.updateValue(host.name, forKey: boot.id) {
                throw CommandError(
                    "\(other) and \(host.name) have the same boot id \(boot.id): they are one "
                        + "machine, or --boot-id prints the same for each")
            }
        }
    }

    /// A host that says the boot id of this machine is this machine.
    func refuseOwn(_ boot: HostBoot, of host: HostName) throws {
        if boot.id == MachineIdentity.present.boot { throw Self.isHere(host) }
    }

    private static func isHere(_ host: HostName) -> CommandError {
        CommandError(
            "\(host) is the machine that kvmbalance runs on, and its reboot would end this: reboot "
                + "the others from here (name them), and \(host) from another machine")
    }
}
