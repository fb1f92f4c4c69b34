import ClusterModel
import Telemetry
import Testing

/// What one host reports never makes the whole fleet impossible.
struct ObservationFaultTests {
    private func observation(_ host: HostName, domains: Int, of memory: Bytes) -> HostObservation {
        HostObservation(
            host: host, at: Timestamp(seconds: 0),
            facts: HostFacts(
                uuid: host.rawValue, hostname: "",
                cpu: HostCPU(architecture: "x86_64", logicalCPUs: 8), memory: .gibibytes(64)),
            domains: (0..<domains).map {
                DomainFacts(id: DomainID("\(host)-\($0)"), name: "d\($0)", memory: memory)
            })
    }

    @Test func aSumThatOnlyAFleetCanHaveIsOneHostsFault() {
        let absurd = observation("a", domains: 64, of: Plausible.memory)
        #expect(absurd.faults.contains { $0.contains("the memory of its domains together") })
        #expect(observation("b", domains: 4, of: Plausible.memory).faults.isEmpty)
        // As many hosts at their limit as a fleet has are not too much for a fleet.
        let domains = (0..<30).flatMap {
            observation(HostName("h\($0)"), domains: 4, of: Plausible.memory).domains
        }
        #expect(domains.faultsOfAll.isEmpty)
    }
}
