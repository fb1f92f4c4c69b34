import ClusterModel
import HypervisorInterface
import Synchronization
import Telemetry
import TestSupport
import Testing

@testable import Operations

/// Each kind of host is asked once about each kind of CPU, whatever the size of the fleet.
struct CPUQuestionTests {
    /// Finds everything usable, and remembers what it was asked.
    private final class Asked: HostInspector {
        let host: HostName
        let questions = Mutex<[[String]]>([])

        init(_ host: HostName) { self.host = host }

        func compare(_ guestCPUs: [String: String]) async throws -> [CPUAnswer] {
            questions.withLock { $0.append(guestCPUs.keys.sorted()) }
            return guestCPUs.keys.map { CPUAnswer(kind: $0, isUsable: true) }
        }

        func inventory() async throws -> HostInventory { throw CPUQuestionTests.unasked(host) }
        func sample() async throws -> RawHostSample { throw CPUQuestionTests.unasked(host) }
        func sighting(of domain: DomainID) async throws -> DomainSighting {
            throw CPUQuestionTests.unasked(host)
        }
        func migrationProgress(of domain: DomainID) async throws -> MigrationProgress? { nil }
    }

    fileprivate static func unasked(_ host: HostName) -> HypervisorError {
        HypervisorError(kind: .failed, operation: "test", host: host, message: "not asked for")
    }

    /// Four hosts of two kinds, with guests of two kinds.
    private func readings() -> [HostReading] {
        (1...4).map { number in
            var facts = ClusterBuilder.facts("host\(number)", memory: .gibibytes(16), cpus: number)
            facts.cpu.model = number == 4 ? "Westmere" : "Haswell"
            let host = HostName("host\(number)")
            return HostReading(
                host: host,
                result: .success(
                    HostInventory(
                        host: host, at: Timestamp(seconds: 1), facts: facts, domains: [],
                        guestCPUs: number == 1 ? ["a": "<cpu/>"] : ["b": "<cpu/>"])))
        }
    }

    private func facts(_ readings: [HostReading]) -> [HostFacts] {
        readings.compactMap { try? $0.result.get().facts }
    }

    @Test func `one host of each kind is asked, and all of the kind have its answers`() async {
        let hosts = (1...4).map { Asked(HostName("host\($0)")) }
        let asked = await CPUQuestions.asked(readings(), of: hosts, known: [])
        let questions = hosts.map { $0.questions.withLock { $0 } }
        #expect(questions == [[["a", "b"]], [], [], [["a", "b"]]])
        for one in facts(asked) { #expect(one.cpuAnswers?.map(\.kind) == ["a", "b"]) }
    }

    @Test func `what was answered before is not asked again while the host is the same`() async {
        let first = await CPUQuestions.asked(
            readings(), of: (1...4).map { Asked(HostName("host\($0)")) }, known: [])
        var known = facts(first).enumerated().map { index, facts in
            HostObservation(
                host: HostName("host\(index + 1)"), at: Timestamp(seconds: 1), facts: facts)
        }
        let hosts = (1...4).map { Asked(HostName("host\($0)")) }
        let second = await CPUQuestions.asked(readings(), of: hosts, known: known)
        #expect(hosts.allSatisfy { $0.questions.withLock { $0.isEmpty } })
        #expect(facts(second) == facts(first))
        // An update of QEMU makes it another kind of host.
        for index in known.indices { known[index].facts.hypervisorVersion = 6_000_000 }
        _ = await CPUQuestions.asked(readings(), of: hosts, known: known)
        #expect(hosts.map { $0.questions.withLock { $0.count } } == [1, 0, 0, 1])
    }

    @Test func `a fleet without such guests asks nothing`() async {
        let hosts = (1...4).map { Asked(HostName("host\($0)")) }
        var readings = readings()
        for index in readings.indices {
            guard var inventory = try? readings[index].result.get() else { continue }
            inventory.guestCPUs = [:]
            readings[index] = HostReading(host: inventory.host, result: .success(inventory))
        }
        let asked = await CPUQuestions.asked(readings, of: hosts, known: [])
        #expect(hosts.allSatisfy { $0.questions.withLock { $0.isEmpty } })
        #expect(facts(asked).allSatisfy { $0.cpuAnswers == nil })
    }

    @Test func `a host that cannot compare is planned for without an answer`() async {
        let asked = await CPUQuestions.asked(readings(), of: [], known: [])
        #expect(facts(asked).allSatisfy { $0.cpuAnswers == nil })
    }
}
