import ClusterModel
import Foundation
import Planning
import Testing

/// Names in code may change; what plans, snapshots, journals and the timer's state are spelled like
/// on disk may not. The texts here were written before the names changed.
@Suite struct StoredNamesTests {
    private func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    @Test(arguments: [
        (PlanPurpose.Aim.relieveOverload, "relief"), (.relieveForecast, "ahead"),
        (.evenOut, "evening"), (.consolidate, "emptying"),
    ])
    func `a plan's purpose keeps its words`(_ aim: PlanPurpose.Aim, _ word: String) throws {
        let stored = #"{"aim":"\#(word)","over_seconds":300,"reason":"r"}"#
        let purpose = PlanPurpose(aim: aim, reason: "r", overSeconds: 300)
        #expect(try text(purpose) == stored)
        #expect(try JSONDecoder().decode(PlanPurpose.self, from: Data(stored.utf8)) == purpose)
    }

    @Test func `a domain keeps its keys, dirtying among them`() throws {
        let domain = Domain.stored
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(text(domain).utf8)) as? [String: Any])
        #expect(
            object.keys.sorted() == [
                "demand", "dirtyRate", "dirtying", "facts", "host", "resident",
            ])
        let rates = try #require(object["dirtying"] as? [String: Any])
        #expect(rates.keys.sorted() == ["coldRate", "hotMilliseconds", "hotSet"])
        #expect(try JSONDecoder().decode(Domain.self, from: Data(text(domain).utf8)) == domain)
    }

    @Test func `the timer's state keeps its keys`() throws {
        let at = "2026-11-28T12:00:00Z"
        let stored = """
            {"aheadAt":"\(at)","awayAt":{"host2":"\(at)"},"calmSince":"\(at)","lookedAt":"\(at)",\
            "moves":{"id-1":{"count":2,"last":"\(at)"}},"overloaded":{"host1":[true,false]},\
            "places":{"id-1":"host1"},"recent":["\(at)"],"uneven":[true],\
            "vain":{"relief":{"count":3,"hosts":["host1"],"last":"\(at)"}}}
            """
        let state = try JSONDecoder().decode(RebalanceState.self, from: Data(stored.utf8))
        #expect(try text(state) == stored)
    }

    @Test func `a step's prediction keeps its keys`() throws {
        let prediction = StepPrediction(
            duration: StepPrediction.Range(low: 1, high: 3),
            downtime: StepPrediction.Range(low: 1, high: 3),
            transferred: StepPrediction.Range(low: 1, high: 3), ending: .converges, memory: 5,
            dirtyRates: DirtyRates(rate: 7), linkRate: 9, jobs: 2)
        #expect(try text(prediction).contains(#""dirtying":{"coldRate":7,"#))
    }
}

extension Domain {
    fileprivate static var stored: Domain {
        var domain = Domain(
            facts: DomainFacts(id: "id-1", name: "web1", memory: 1024),
            host: "host1", demand: Demand(cpu: [100], samples: 1), dirtyRate: 7)
        domain.dirtyRates = DirtyRates(hotSet: 1, hotMilliseconds: 1000, coldRate: 2)
        domain.resident = 512
        return domain
    }
}
