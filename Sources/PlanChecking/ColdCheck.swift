import ClusterModel

/// No guest is shut down for a move that could leave it down: as long as one host is unreachable
/// whether it has the guest, nobody may start it again, neither where it goes nor where it was.
enum ColdCheck {
    static func violations(_ subject: CheckedCase) -> [Violation] {
        let silent = subject.snapshot.hosts.filter { !$0.isReachable }.map(\.name.rawValue)
        guard !silent.isEmpty else { return [] }
        return subject.plan.steps.filter { $0.mode == .offline && !$0.isShutOff }.map { step in
            Violation(
                .mobility, step: step.id, host: step.move.target,
                "\(step.domainName) is to be shut down, and could not be started again while "
                    + "\(silent.joined(separator: ", ")) are unreachable")
        }
    }
}
