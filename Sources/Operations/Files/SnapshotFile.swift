package import ClusterModel

/// A saved cluster snapshot, which anyone may have edited: put in order and looked through, so that
/// planning from a file can rely on what it relies on when it looks at hosts.
package enum SnapshotFile {
    package static func read(_ path: String) throws -> ClusterSnapshot {
        let read = try JSON.read(
            ClusterSnapshot.self, "a snapshot that 'kvmbalance snapshot --save' wrote", from: path)
        try refuse(read, from: path)
        var snapshot = ClusterSnapshot(
            observedAt: read.observedAt, hosts: read.hosts, domains: read.domains,
            inFlight: read.inFlight, demandSlots: read.demandSlots)
        snapshot.calibration = read.calibration
        return snapshot
    }

    /// Throws what is wrong with a world that was read from there, a few things at most.
    package static func refuse(_ snapshot: ClusterSnapshot, from path: String) throws {
        let faults = snapshot.faults
        guard !faults.isEmpty else { return }
        let rest = faults.count > mostFaults ? ["and \(faults.count - mostFaults) more"] : []
        throw CommandError(
            "\(path) is not a snapshot that can be planned for:"
                + OutsideText.lines(faults.prefix(mostFaults) + rest))
    }

    private static let mostFaults = 20
}
