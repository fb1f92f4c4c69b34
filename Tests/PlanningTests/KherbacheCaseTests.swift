import Foundation
import TestSupport
import Testing

/// Reading BtrPlace's JSON, and the judge of its schedules: on cases made by hand.
@Suite struct KherbacheCaseTests {
    private typealias Timed = KherbacheJudge.Timed

    /// Hosts 0 and 1 with 500 and 1000 Mbit/s; 10 and 11 change from one to the other, each of
    /// three with room for four; 12 leaves 0 for host 2, which takes 3 s to boot.
    private static let instance = """
        {"model": {"mapping": {"readyVMs": [], "onlineNodes": {
            "0": {"sleepingVMs": [], "runningVMs": [10, 12]}, "1": {"runningVMs": [11]}},
            "offlineNodes": [2]},
          "attributes": {"nodes": {"0": {"shutdown": 7}, "2": {"boot": 3}}, "vms": {
            "10": {"memUsed": 900, "hotDirtySize": 0, "hotDirtyDuration": 1, "coldDirtyRate": 0},
            "11": {"memUsed": 1000, "hotDirtySize": 0, "hotDirtyDuration": 1, "coldDirtyRate": 0},
            "12": {"memUsed": 500, "hotDirtySize": 20, "hotDirtyDuration": 2, "coldDirtyRate": 5}}},
          "views": [
            {"id": "shareableResource", "rcId": "mem", "defCapacity": 4, "defConsumption": 2,
             "nodes": {"0": 6}, "vms": {"10": 3, "11": 2, "12": 1}},
            {"id": "net", "routing": {"type": "default"},
             "switches": [{"id": 0, "capacity": 1000}],
             "links": [
              {"id": 0, "capacity": 500, "switch": 0, "physicalElement": {"id": 0, "type": "node"}},
              {"id": 1, "capacity": 1000, "switch": 0,
               "physicalElement": {"id": 1, "type": "node"}},
              {"id": 2, "capacity": 1000, "switch": 0,
               "physicalElement": {"id": 2, "type": "node"}}]}]},
         "constraints": [
           {"id": "fence", "vm": 10, "nodes": [1], "continuous": false},
           {"id": "fence", "vm": 11, "nodes": [0], "continuous": false},
           {"id": "fence", "vm": 12, "nodes": [2], "continuous": false}]}
        """

    private static let plan = """
        {"origin": {"mapping": {"onlineNodes": {
            "0": {"runningVMs": [1, 2]}, "1": {"runningVMs": []}, "2": {"runningVMs": []}},
            "offlineNodes": []},
          "views": [{"id": "shareableResource", "rcId": "mem", "defCapacity": 9, "nodes": {},
            "vms": {"1": 2, "2": 2}}]},
         "actions": [
           {"id": "migrateVM", "vm": 1, "from": 0, "to": 1, "bw": 500, "start": 0, "end": 40,
            "hooks": {"pre": [], "post": []}},
           {"id": "migrateVM", "vm": 2, "from": 0, "to": 2, "bw": 500, "start": 10, "end": 35}]}
        """

    private func read(_ text: String, links: [Int: Int] = [:]) throws -> KherbacheCase {
        try KherbacheCase(Data(text.utf8), linkOfHost: links)
    }

    @Test func `an instance is read with its constraints and network`() throws {
        let it = try read(Self.instance)
        #expect(it.hosts[0]?.capacity == [6])
        #expect(it.hosts[1]?.capacity == [4])
        #expect(it.hosts[2]?.isOffAtStart == true)
        #expect(it.hosts[2]?.bootSeconds == 3)
        #expect(it.hosts[0]?.shutdownSeconds == 7)
        #expect(it.domains[10]?.fence == [1])
        #expect(it.domains[11]?.host == 1)
        #expect(it.domains[11]?.demand == [2])
        #expect(it.links.count == 3)
        #expect(it.exchanges == [0: 1000])
        #expect(it.given.isEmpty)
    }

    @Test func `the model takes a ninth of the bandwidth, and time for what is rewritten`() throws {
        let it = try read(Self.instance)
        // 900 MB at 450/9 MB/s.
        #expect(it.seconds(of: 10, bandwidth: 450) == 18)
        // 500 MB at 100 MB/s; 20 MB + 3 s of 5 MB/s at 95 MB/s; 20 MB/100 × 10/90: 5.39 s.
        #expect(it.seconds(of: 12, bandwidth: 900) == 5)
        // It writes 10 MB/s, which is more than 9 MB/s.
        #expect(it.seconds(of: 12, bandwidth: 81) == nil)
    }

    @Test func `a plan gives durations, and its own use of links their width`() throws {
        let it = try read(Self.plan)
        #expect(it.seconds(of: 1, bandwidth: 500) == 40)
        #expect(it.seconds(of: 2, bandwidth: 500) == 25)
        #expect(it.links.map(\.capacity) == [1000, 500, 500])
        #expect(try read(Self.plan, links: [0: 700]).links.map(\.capacity) == [700, 500, 500])
        #expect(it.domains[2]?.fence == [2])
    }

    @Test func `what cannot be understood is refused`() {
        let strange = Self.instance.replacingOccurrences(of: "fence", with: "splitAmong")
        #expect(throws: KherbacheCase.Malformed.self) { try read(strange) }
        #expect(throws: KherbacheCase.Malformed.self) { try read("{}") }
        #expect(throws: (any Error).self) { try read("[1, 2") }
        let elsewhere = Self.plan.replacingOccurrences(of: #""vm": 2"#, with: #""vm": 5"#)
        #expect(throws: KherbacheCase.Malformed.self) { try read(elsewhere) }
    }

    /// 11 comes while 10 and 12 are on host 0; 10 goes when 11 has gone.
    private let good = [
        Timed(domain: 11, target: 0, start: 0, end: 18_000, bandwidth: 500),
        Timed(domain: 12, target: 2, start: 3000, end: 13_000, bandwidth: 500),
        Timed(domain: 10, target: 1, start: 18_000, end: 34_000, bandwidth: 500),
    ]

    @Test func `the judge takes a good schedule`() throws {
        let it = try read(Self.instance)
        let complaints = KherbacheJudge.complaints(good, about: it)
        #expect(complaints == [])
    }

    @Test func `the judge refuses every mutant`() throws {
        let it = try read(Self.instance)
        func refuses(_ what: String, _ change: (inout [Timed]) -> Void) {
            var mutant = good
            change(&mutant)
            #expect(mutant != good)
            #expect(!KherbacheJudge.complaints(mutant, about: it).isEmpty, "\(what)")
        }
        refuses("a move left out") { $0.removeFirst() }
        refuses("a move made twice") { $0.append($0[0]) }
        refuses("a target outside the fence") { $0[0].target = 2 }
        refuses("shorter than the model") { $0[0].end -= 1000 }
        refuses("longer than the model") { $0[0].end += 1000 }
        refuses("more bandwidth in the same time") { $0[0].bandwidth = 1000 }
        refuses("before the target is up") {
            $0[1].start -= 1
            $0[1].end -= 1
        }
        refuses("before the other has made room") {
            $0[2].start -= 1000
            $0[2].end -= 1000
        }
        refuses("a link of 500 for two at once") {
            $0[2].start = 12_000
            $0[2].end = 28_000
        }
    }
}
