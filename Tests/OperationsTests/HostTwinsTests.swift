import ClusterModel
import Telemetry
import TestSupport
import Testing

@testable import Operations

/// Machines that are not told apart, or are not the ones that they were.
struct HostTwinsTests {
    private func observation(
        _ host: HostName, _ uuid: String, at seconds: Int64 = 0
    ) -> HostObservation {
        HostObservation(
            host: host, at: Timestamp(seconds: seconds),
            facts: HostFacts(
                uuid: uuid, hostname: "", cpu: HostCPU(architecture: "x86_64", logicalCPUs: 4),
                memory: .gibibytes(8)))
    }

    private func report(_ observation: HostObservation, fault: String? = nil) -> HostReport {
        HostReport(settings: Host(name: observation.host), observation: observation, fault: fault)
    }

    @Test func hostsOfOneUUIDAreNamedWithTheRemedy() throws {
        let reports = [
            report(observation("host1", "a")), report(observation("host2", "b")),
            report(observation("host3", "a")), report(observation("host4", "b"), fault: "silent"),
            report(observation("host5", "")), report(observation("host6", "")),
        ]
        let warnings = HostTwins.warnings(in: reports)
        let words = try #require(warnings.first)
        #expect(warnings.count == 1)
        #expect(words.hasPrefix("host1 and host3 have the same host UUID (a)"))
        #expect(words.contains("host_uuid") && words.contains("libvirtd.conf"))
    }

    @Test func aHostThatIsAnotherMachineNowIsNamed() {
        let last = observation("host1", "a", at: 60)
        #expect(HostTwins.change(from: last, to: observation("host1", "a", at: 120)) == nil)
        let words = HostTwins.change(from: last, to: observation("host1", "b", at: 120))
        #expect(words?.hasPrefix("host1 is another machine than at 1970-01-01T00:01:00Z") == true)
    }
}
