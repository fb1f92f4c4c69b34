import ClusterModel
import Execution
import HypervisorInterface

/// What the guest's own QEMU said, on both hosts, beside an error.
extension RunExecutor {
    /// The same failure with the last lines of both logs, where one of the hosts refused the guest
    /// or its QEMU ended, and they can be read.
    func withLogs(
        _ error: any Error, of id: StepID, since begin: Timestamp
    ) async -> StepFailure {
        let failure = StepFailure(error)
        guard let kind = (error as? HypervisorError)?.kind,
            kind == .failed || kind == .incompatible,
            let step = machine.state.step(id)?.step
        else { return failure }
        let hosts = [step.move.target, step.move.source]
        var found: [String] = []
        for host in hosts {
            guard let log = connections[host]?.guestLog else { continue }
            let lines = await log.lastLines(of: step.domainName, since: begin)
            guard !lines.isEmpty else { continue }
            found.append(
                "QEMU's log on \(host): " + lines.map { Self.cut($0) }.joined(separator: " / "))
        }
        guard !found.isEmpty else { return failure }
        return StepFailure(
            ([failure.message] + found).joined(separator: ". "), kind: failure.kind)
    }

    /// QEMU writes whole command lines; a reason has room for the error of each host.
    private static func cut(_ line: String) -> String {
        line.count > 200 ? line.prefix(200) + "…" : line
    }
}
