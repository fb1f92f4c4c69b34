import ClusterModel
import Foundation
import PlacementPolicy
import PlanChecking
import Planning
import Telemetry

@testable import KVMBalanceCommands
@testable import Libvirt
@testable import Operations

/// What is fed: a kind of text that comes from outside, and what is done with it. Errors are the
/// right answer to almost everything; a trap, a hang or growing memory is what is looked for.
enum Feed: String, CaseIterable {
    case policy, fleet, plan, snapshot, domain, capabilities, domaincapabilities, pool, volume, time
    case recording, story, csv, planetlab, bitbrains, prometheus, options, observation

    func swallow(_ bytes: UnsafeBufferPointer<UInt8>) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        switch self {
        case .policy: _ = try Policy(yaml: text)
        case .fleet: _ = try FleetReader.read(text)
        case .plan: try swallowPlan(Data(bytes))
        case .snapshot: try swallowSnapshot(Data(bytes))
        case .domain: _ = try DomainXMLReader.read(text)
        case .capabilities: _ = try CapabilitiesXMLReader.read(text)
        case .domaincapabilities: _ = try DomainCapabilitiesXMLReader.read(text)
        case .pool: _ = try StoragePoolXMLReader.read(text)
        case .volume: _ = try VolumeXMLReader.read(text)
        case .time: try swallowTime(text)
        case .recording: try swallowRecording(text)
        case .story: try swallowStory(text)
        case .csv, .planetlab, .bitbrains: try swallowTable(text)
        case .prometheus: try swallowPrometheus(Data(bytes))
        case .options: try swallowOptions(text)
        case .observation: try swallowObservation(Data(bytes))
        }
    }

    /// A time on the command line, and the sizes beside it.
    private func swallowTime(_ text: String) throws {
        _ = Quantity.bytes(text).map { $0 + $0 }
        let time = try HistoryTime.read(text, "--since", now: Timestamp(seconds: 1_800_000_000))
        _ = time.description
    }

    private func swallowPlan(_ data: Data) throws {
        let plan = try JSONDecoder().decode(MigrationPlan.self, from: data)
        let fleet = Fleet(
            hosts: ["host1", "host2", "host3"].map {
                FleetHost(name: HostName($0), uri: "test:///default")
            })
        guard PlanFile.faults(of: plan, in: fleet).isEmpty else { return }
        _ = PlanText(plan: plan, width: 80).text
        let empty = ClusterSnapshot(
            observedAt: Timestamp(seconds: 0), hosts: [], domains: [], demandSlots: 1)
        _ = PlanChecker.check(plan, on: empty, under: .default)
    }

    /// What a host reported, as it lies in the database.
    private func swallowObservation(_ data: Data) throws {
        let observation = try JSONDecoder().decode(HostObservation.self, from: data)
        guard observation.faults.isEmpty else { return }
        let now = Timestamp(seconds: 1_800_000_000)
        let window = SampleWindow(endingAt: now, lengthMilliseconds: 3_600_000, slots: 1)
        var other = observation
        other.host = "other"
        let reports = [observation, other].map {
            HostReport(settings: Host(name: $0.host), observation: $0)
        }
        let built = SnapshotBuilder(observedAt: now, measured: MeasuredLoad(window: window))
            .build(from: reports)
        try swallow(built.snapshot)
    }

    private func swallowSnapshot(_ data: Data) throws {
        try swallow(try JSONDecoder().decode(ClusterSnapshot.self, from: data))
    }

    private func swallow(_ snapshot: ClusterSnapshot) throws {
        // What is larger is slow and not wrong.
        guard snapshot.faults.isEmpty, snapshot.hosts.count <= 8,
            snapshot.domains.count <= 40, snapshot.demandSlots <= 8
        else { return }
        let sorted = ClusterSnapshot(
            observedAt: snapshot.observedAt, hosts: snapshot.hosts, domains: snapshot.domains,
            inFlight: snapshot.inFlight, demandSlots: snapshot.demandSlots)
        guard let host = sorted.hosts.first else { return }
        let plan = Planner.plan(
            PlanRequest(.drain([host.name], bestEffort: true)), from: sorted, under: .default,
            seed: 1)
        let violations = PlanChecker.check(plan, on: sorted, under: .default)
        precondition(violations.isEmpty, "the judge refuses: \(violations)")
        // What sums up over all hosts, with what copies need.
        var policy = Policy.default
        policy.migration.copyStorageAll = ["*"]
        for goal in [PlanRequest.balance(maxMoves: 2), .consolidate(only: nil)] {
            _ = Planner.plan(goal, from: sorted, under: policy, seed: 1)
        }
    }
}

private let feed: Feed = {
    let name = ProcessInfo.processInfo.environment["KVMBALANCE_FUZZ"] ?? ""
    guard let feed = Feed(rawValue: name) else {
        fatalError("KVMBALANCE_FUZZ must be one of \(Feed.allCases.map(\.rawValue))")
    }
    return feed
}()

/// libFuzzer's entry.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    try? feed.swallow(UnsafeBufferPointer(start: start, count: count))
    return 0
}
