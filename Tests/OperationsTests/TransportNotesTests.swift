import ClusterModel
import Operations
import PlacementPolicy
import Testing

/// What crosses the network in the clear is said once.
struct TransportNotesTests {
    private func notes(_ uris: [String], _ change: (inout MigrationOptions) -> Void) -> [String] {
        var policy = Policy()
        change(&policy.migration)
        let hosts = uris.enumerated().map { FleetHost(name: HostName("h\($0)"), uri: $1) }
        return TransportNotes.of(Fleet(hosts: hosts), under: policy)
    }

    @Test func memoryInTheClearIsSaidOnce() {
        let ssh = ["qemu+ssh://a/system", "qemu+ssh://b/system"]
        #expect(notes(ssh) { _ in }.count == 1)
        #expect(notes(ssh) { _ in }.first?.contains("unencrypted") == true)
        #expect(notes(ssh) { $0.tls = true }.isEmpty)
        #expect(notes(ssh) { $0.tunnelled = true }.isEmpty)
        #expect(notes(["simulated:///x?host=a"]) { _ in }.isEmpty)
    }

    @Test func connectionsInTheClearAreNamed() {
        let mixed = ["qemu+tcp://a/system", "qemu+ssh://b/system"]
        #expect(
            notes(mixed) { $0.tls = true }.map { $0.contains("connections to h0 are") } == [true])
    }
}
