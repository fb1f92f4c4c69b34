import ClusterModel
import Telemetry
import Testing

/// Cluster snapshots from what the hosts reported.
struct SnapshotBuilderTests {
    let time = Timestamp(seconds: 1_000_000)

    func domain(_ name: String, _ state: DomainState = .running) -> DomainFacts {
        DomainFacts(id: DomainID("uuid-\(name)"), name: name, state: state, memory: .gibibytes(1))
    }

    func report(
        _ host: HostName, _ domains: [DomainFacts], out: [DomainID] = [], arriving: [DomainID] = [],
        fault: String? = nil, age: Int64 = 0
    ) -> HostReport {
        let facts = HostFacts(
            uuid: host.rawValue, hostname: host.rawValue,
            cpu: HostCPU(architecture: "x86_64", logicalCPUs: 4), memory: .gibibytes(8))
        return HostReport(
            settings: Host(name: host, zone: "z", linkMbps: 100),
            observation: HostObservation(
                host: host, at: time.advanced(byMilliseconds: -age), facts: facts,
                domains: domains, migratingOut: out, migratingIn: arriving),
            fault: fault)
    }

    func build(
        _ reports: [HostReport], maintenance: Set<HostName> = [],
        load: [DomainID: Demand] = [:], hosts: [HostName: HostUse] = [:]
    ) -> BuiltSnapshot {
        SnapshotBuilder(
            observedAt: time, maintenance: maintenance,
            measured: MeasuredLoad(
                window: SampleWindow(endingAt: time, slots: 2), domains: load, hosts: hosts)
        ).build(from: reports)
    }

    @Test func settingsFactsLoadAndDemandComeTogether() {
        let demand = Demand(cpu: [1, 2], samples: 3, newestSample: time)
        let built = build(
            [report("h2", [domain("b")], age: 5000), report("h1", [domain("a")])],
            maintenance: ["h2"], load: ["uuid-a": demand],
            hosts: ["h1": HostUse(busyPermille: 500, memoryAvailable: 7)])
        let snapshot = built.snapshot
        #expect(built.warnings.isEmpty)
        #expect(snapshot.hosts.map(\.name) == ["h1", "h2"])
        #expect(snapshot.demandSlots == 2)
        #expect(snapshot.host("h1")?.load == HostLoad(cpu: 2000, memoryAvailable: 7))
        #expect(snapshot.host("h1")?.zone == "z")
        #expect(snapshot.host("h2")?.load == nil)
        #expect(snapshot.host("h2")?.inMaintenance == true)
        #expect(snapshot.host("h2")?.observedAt == time.advanced(byMilliseconds: -5000))
        #expect(snapshot.domain("uuid-a")?.demand == demand)
        #expect(snapshot.domain("uuid-b")?.demand == .unknown)
    }

    @Test func anArrivingDomainCountsOnceAtItsSource() {
        let built = build([
            report("h1", [domain("a")], out: ["uuid-a"]),
            report("h2", [domain("a", .paused)], arriving: ["uuid-a"]),
        ])
        #expect(built.snapshot.domains.map(\.host) == ["h1"])
        #expect(built.snapshot.domains.first?.facts.blockers == [])
        #expect(
            built.snapshot.inFlight
                == [MigrationInFlight(domain: "uuid-a", source: "h1", target: "h2")])
        #expect(built.warnings.isEmpty)
    }

    @Test func aSourceThatDoesNotKnowItLeavesIsStillTheSource() {
        let built = build([
            report("h1", [domain("a", .paused)], arriving: ["uuid-a"]),
            report("h2", [domain("a")]),
        ])
        #expect(built.snapshot.domains.map(\.host) == ["h2"])
        #expect(
            built.snapshot.inFlight
                == [MigrationInFlight(domain: "uuid-a", source: "h2", target: "h1")])
    }

    @Test func aTargetOutsideTheFleetIsUnknown() {
        let built = build([report("h1", [domain("a")], out: ["uuid-a"])])
        #expect(built.snapshot.inFlight == [MigrationInFlight(domain: "uuid-a", source: "h1")])
    }

    @Test func aSourceOutsideTheFleetBlocks() throws {
        let built = build([report("h1", [domain("a", .paused)], arriving: ["uuid-a"])])
        let found = try #require(built.snapshot.domains.first)
        #expect(found.facts.blockers.map(\.reason) == [.busy])
        #expect(built.snapshot.inFlight.isEmpty)
    }

    @Test func aMigrationThatEndedBetweenTwoLooksIsUnderWay() {
        let built = build([
            report("h1", [domain("a")], out: ["uuid-a"]), report("h2", [domain("a")]),
        ])
        #expect(built.warnings.isEmpty)
        #expect(built.snapshot.domains.map(\.host) == ["h1"])
        #expect(built.snapshot.inFlight.map(\.target) == ["h2"])
    }

    @Test(arguments: [false, true]) func theActiveDefinitionWins(reversed: Bool) throws {
        let reports = [report("h1", [domain("a", .shutOff)]), report("h2", [domain("a")])]
        let built = build(reversed ? reports.reversed() : reports)
        let found = try #require(built.snapshot.domains.first)
        #expect(built.snapshot.domains.count == 1)
        #expect(found.host == "h2")
        #expect(found.facts.state == .running)
        // It keeps the guest from h1 alone, and is said aloud: somebody could start it there.
        #expect(found.facts.blockers.isEmpty)
        #expect(found.facts.otherDefinitions == ["h1"])
        for words in [found.facts.cautions, built.warnings] {
            #expect(words.count == 1 && words[0].contains("h1 has another definition"))
            #expect(words[0].contains("undefine uuid-a on h1"))
        }
    }

    @Test func ofTwoDefinitionsThatDoNotRunNobodyKnowsWhichIsRight() throws {
        let built = build([
            report("h1", [domain("a", .shutOff)]), report("h2", [domain("a", .shutOff)]),
        ])
        let blocker = try #require(built.snapshot.domains.first?.facts.blockers.first)
        #expect(blocker.reason == .state && blocker.host == "h2")
        #expect(blocker.remedy.contains("undefine uuid-a on h2"))
    }

    @Test func aDefinitionThatStartsWithItsHostIsToldSo() {
        var left = domain("a", .shutOff)
        left.autostart = true
        let built = build([report("h1", [domain("a")]), report("h3", [left])])
        #expect(built.warnings.first?.contains("starts with its host") == true)
    }

    // MARK: What the host itself tells

    @Test func memoryIsWhatTheHostHasNowAndNotWhatWasSampled() {
        var now = report("h1", [domain("a")])
        now.observation?.facts.memoryAvailable = .gibibytes(3)
        let load = HostUse(busyPermille: 500, memoryAvailable: .gibibytes(7))
        #expect(
            build([now], hosts: ["h1": load]).snapshot.host("h1")?.load?.memoryAvailable
                == .gibibytes(3))
        // What an unreachable host had is no news.
        now.fault = "no route"
        #expect(
            build([now], hosts: ["h1": load]).snapshot.host("h1")?.load?.memoryAvailable
                == .gibibytes(7))
    }

    @Test func aLinkThatNobodyGaveIsTheCards() {
        var host = report("h1", [])
        host.observation?.facts.linkMbps = 25_000
        #expect(build([host]).snapshot.host("h1")?.linkMbps == 100)
        host.settings.isLinkAssumed = true
        #expect(build([host]).snapshot.host("h1")?.linkMbps == 25_000)
        host.observation?.facts.linkMbps = nil
        #expect(build([host]).snapshot.host("h1")?.linkMbps == 100)
    }

    @Test func activeOnTwoHostsIsSaidAloud() throws {
        let built = build([
            report("h1", [domain("a", .paused)]), report("h2", [domain("a")]),
        ])
        let found = try #require(built.snapshot.domains.first)
        #expect(found.host == "h2")
        #expect(found.facts.blockers.map(\.reason) == [.state])
        #expect(built.warnings.count == 1)
        #expect(built.warnings.first?.contains("h2 (running) and h1 (paused)") == true)
    }

    @Test func anUnreachableHostKeepsItsLastFactsAndItsDomains() {
        let built = build([
            report("h1", [domain("a"), domain("b")], fault: "no route", age: 60_000),
            report("h2", [domain("b")]),
        ])
        let snapshot = built.snapshot
        #expect(snapshot.host("h1")?.fault == "no route")
        #expect(snapshot.host("h1")?.isReachable == false)
        #expect(snapshot.host("h1")?.observedAt == time.advanced(byMilliseconds: -60_000))
        #expect(snapshot.domain("uuid-a")?.host == "h1")
        // It was moved since: what is seen now wins, with a caution and no blocker.
        #expect(snapshot.domain("uuid-b")?.host == "h2")
        #expect(snapshot.domain("uuid-b")?.facts.blockers == [])
        #expect(snapshot.domain("uuid-b")?.facts.cautions.count == 1)
        #expect(built.warnings.isEmpty)
    }

    @Test func aHostThatWasNeverReadHasNothing() {
        let built = build([
            HostReport(settings: Host(name: "h1"), observation: nil, fault: "refused"),
            HostReport(settings: Host(name: "h2"), observation: nil),
        ])
        #expect(built.snapshot.hosts.map(\.fault) == ["refused", "it was never read"])
        #expect(built.snapshot.hosts.allSatisfy { $0.facts == nil && !$0.isReachable })
    }

    @Test func orderOfReportsDoesNotMatter() {
        let reports = [
            report("h1", [domain("a"), domain("c")]), report("h2", [domain("b"), domain("a")]),
            report("h3", [domain("a", .shutOff)]),
        ]
        #expect(build(reports) == build(reports.reversed()))
    }
}
