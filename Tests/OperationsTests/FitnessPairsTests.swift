import ClusterModel
import Execution
import Foundation
import HypervisorInterface
import Persistence
import PlacementPolicy
import Simulation
import Synchronization
import Testing

@testable import Operations

/// Between which hosts `hosts check` tries things out, and what it leaves behind.
struct FitnessPairsTests {
    private func hosts(_ count: Int) -> [HostName] { (1...count).map { HostName("host\($0)") } }

    @Test func aSmallFleetIsTriedWhole() {
        let pairs = FitnessPairs(hosts(12), all: false)
        #expect(!pairs.isPart && pairs.tried == 132 && pairs.all == 132)
        #expect(pairs.targets(of: "host12").first == "host1")
        #expect(Set(pairs.targets(of: "host3")).count == 11)
        #expect(FitnessPairs(hosts(1), all: false).targets(of: "host1").isEmpty)
    }

    @Test func ofALargeOneEachHostIsSourceAndTargetOfAFew() {
        let names = hosts(2000)
        let pairs = FitnessPairs(names, all: false)
        #expect(pairs.isPart && pairs.tried == 6000)
        var asTarget: [HostName: Int] = [:]
        for host in names {
            let targets = pairs.targets(of: host)
            #expect(Set(targets).count == 3 && !targets.contains(host))
            for target in targets { asTarget[target, default: 0] += 1 }
        }
        #expect(names.allSatisfy { asTarget[$0] == 3 })
        #expect(pairs.areSeenTogether("host1", "host777"))
        #expect(!pairs.areSeenTogether("host5", "host500"))
        #expect(FitnessPairs(names, all: true).tried == 2000 * 1999)
    }

    @Test func rootsShellAnswersForADaemonWithoutAShutOffDomain() {
        func verdict(_ output: String, _ errors: String = "") -> PeerReach {
            PeerShell.verdict(of: HostShellAnswer(output: output, errors: errors))
        }
        #expect(verdict("answer=yes\n") == .reached)
        #expect(
            verdict("", "Host key verification failed.")
                == .refused("Host key verification failed."))
        for (output, words) in [
            ("answer=user", "not root's"), ("answer=none", "virsh"), ("", "20 s"),
        ] {
            guard case .unproven(let reason) = verdict(output) else {
                Issue.record("\(output)")
                continue
            }
            #expect(reason.contains(words))
        }
        let script = PeerShell.script("qemu+ssh://h/system?keyfile=/a b';rm -rf")
        #expect(script.contains(#"-c 'qemu+ssh://h/system?keyfile=/a b'\'';rm -rf' uri"#))
    }

    private final class Pool: ConnectivityProbe {
        let host: HostName = "host1"
        let files = Mutex<Set<String>>([])
        func reach(_ peerURI: String) -> PeerReach { .reached }
        func leaveMark(_ name: String, in pool: String) { files.withLock { _ = $0.insert(name) } }
        func seesMark(_ name: String, in pool: String) -> Bool {
            files.withLock { $0.contains(name) }
        }
        func removeMark(_ name: String, in pool: String) {
            files.withLock { _ = $0.remove(name) }
        }
    }

    @Test func aMarkOfAKilledCheckIsRemovedByTheNextAndNoOtherFile() async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "kvmbalance-marks-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let journal = try JournalStore(directory: folder.path)
        let pool = Pool()
        let simulated = SimulatedFleet(
            world: SimulatedFleet.example(
                hosts: 1, domains: 1, seed: 7, now: Timestamp(seconds: 1_790_000_000)),
            clock: { Timestamp(seconds: 1_790_000_000) })
        let (inspector, actuator) = simulated.connection(for: "host1")
        let fleet = FleetHosts(
            Fleet(hosts: [FleetHost(name: "host1", uri: "test:///default")]),
            [
                "host1": HostAccess(
                    HostConnection(
                        inspector: inspector, actuator: actuator, controllerURI: "", peerURI: "",
                        migrateURI: ""),
                    memoryProbe: simulated.probe(for: "host1"), prober: pool)
            ])
        let mark = ProbeMark(host: "host1", pool: "local")
        let killed = ProbeMarks(journal)
        await killed.add(mark)
        pool.leaveMark(mark.name, in: "local")
        pool.leaveMark("kvmbalance-probe-7", in: "local")
        let next = ProbeMarks(journal)
        await next.removeLeftOvers(fleet)
        #expect(pool.files.withLock(\.self) == ["kvmbalance-probe-7"])
        #expect(
            try await journal.remembered("marks of hosts check", as: [ProbeMark].self) == [])
    }

    @Test func nothingIsTriedWhileARunIsUnderWay() async throws {
        let ground = GoalOperationTests.Ground()
        guard
            case .acquired(let lock) = try FleetLock.acquire(
                directory: ground.observer.stores.directory, purpose: "run 7, drain host1",
                run: RunID(7))
        else { return #expect(Bool(false), "the lock is held") }
        let busy = await FitnessCheck.of(ground.observer, isTried: true, allPairs: false)
        #expect(busy.probes == nil && busy.results.count == 3)
        #expect(ground.listener.words.contains { $0.contains("run 7, drain host1") })
        lock.release()
        let free = await FitnessCheck.of(ground.observer, isTried: true, allPairs: false)
        #expect(free.probes != nil)
        // It holds the fleet for no longer than it takes.
        guard
            case .acquired(let own) = try FleetLock.acquire(
                directory: ground.observer.stores.directory, purpose: "test")
        else { return #expect(Bool(false), "the lock is held") }
        own.release()
    }
}
