import Actuation
import ClusterModel
import Foundation
import HypervisorInterface
import Persistence
import PlacementPolicy
import Planning
import Simulation
import Synchronization
import Testing

@testable import Operations

/// `hosts check` finds out what is the same storage, and plans go by it.
struct StorageProofTests {
    /// Folders of three hosts: what is mounted under a path on each.
    private final class Mounts: Sendable {
        let mounted: Mutex<[HostName: [String: String]]>
        let files = Mutex<[String: Set<String>]>([:])

        init(_ mounted: [HostName: [String: String]]) { self.mounted = Mutex(mounted) }
    }

    private final class Prober: ConnectivityProbe {
        let host: HostName
        let mounts: Mounts

        init(_ host: HostName, _ mounts: Mounts) {
            self.host = host
            self.mounts = mounts
        }

        private func storage(_ place: String) -> String? {
            mounts.mounted.withLock { $0[host]?[place] }
        }

        func reach(_ peerURI: String) -> PeerReach { .reached }

        func leaveMark(_ name: String, in place: String) throws {
            guard let storage = storage(place) else {
                throw HypervisorError(
                    kind: .failed, operation: "write", host: host,
                    message: "cannot open path '\(place)': No such file or directory")
            }
            mounts.files.withLock { _ = $0[storage, default: []].insert(name) }
        }

        func seesMark(_ name: String, in place: String) -> Bool {
            let storage = storage(place) ?? ""
            return mounts.files.withLock { $0[storage]?.contains(name) ?? false }
        }

        func removeMark(_ name: String, in place: String) {
            let storage = storage(place) ?? ""
            mounts.files.withLock { _ = $0[storage]?.remove(name) }
        }
    }

    /// A shell that tells of devices.
    private struct Shell: HostShell {
        var host: HostName
        var answer: String
        func run(_ script: String) -> HostShellAnswer {
            HostShellAnswer(output: script.contains("wwid") ? answer : "", errors: "")
        }
    }

    /// Three hosts whose guests' disks are in a folder without a pool.
    private final class Ground {
        let observer: FleetObserver
        let mounts: Mounts
        private let folder = FileManager.default.temporaryDirectory
            .appending(path: "kvmbalance-proofs-\(UUID().uuidString)")

        init(
            _ mounted: [HostName: [String: String]], disk: Disk.Source,
            shared: [SharedStorage] = [],
            devices: [HostName: String] = [:]
        ) {
            let clock = GoalOperationTests.Clock()
            mounts = Mounts(mounted)
            let example = SimulatedFleet.example(hosts: 3, domains: 1, seed: 7, now: clock.now())
            var facts = example.hosts[0].domains[0].facts
            facts.disks = [Disk(target: "vda", source: disk)]
            let guest = SimulatedDomain(
                facts: facts, cpu: MilliCPU.cpus(1), dirtyRate: .mebibytes(1),
                startedAt: clock.now())
            var world = SimulatedWorld(
                hosts: example.hosts.map { host in
                    var facts = host.facts
                    facts.pools = []
                    return SimulatedHost(
                        name: host.name, facts: facts, linkMbps: host.linkMbps,
                        bootedAt: host.bootedAt)
                }, now: clock.now())
            world.place(guest, on: "host1")
            let simulated = SimulatedFleet(world: world, clock: clock.now)
            let names = (1...3).map { HostName("host\($0)") }
            var fleet = Fleet(
                hosts: names.map { FleetHost(name: $0, uri: "simulated:///\($0)") })
            fleet.sharedStorage = shared
            var accesses: [HostName: HostAccess] = [:]
            for host in names {
                accesses[host] = HostAccess(
                    simulated.hostConnection(for: host), memoryProbe: simulated.probe(for: host),
                    prober: Prober(host, mounts),
                    shell: devices[host].map { Shell(host: host, answer: $0) })
            }
            observer = FleetObserver(
                hosts: FleetHosts(fleet, accesses), stores: Stores(directory: folder.path),
                clock: WorldClock(now: clock.now, steady: clock.now, sleep: clock.sleep),
                progress: GoalOperationTests.Listener())
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        func check() async -> FitnessCheck {
            await FitnessCheck.of(observer, isTried: true, allPairs: false)
        }

        func plan() async throws -> MigrationPlan {
            let policy = Policy.default.adding(sharedStorage: observer.hosts.fleet.sharedStorage)
            return Planner.plan(
                .drain(["host1"]), from: try await observer.snapshot(policy), under: policy, seed: 1
            )
        }
    }

    private static let file = Disk.Source.file(path: "/srv/vm/web.qcow2")

    private func mounted(_ storage: [String?]) -> [HostName: [String: String]] {
        var mounted: [HostName: [String: String]] = [:]
        for (index, name) in storage.enumerated() {
            mounted[HostName("host\(index + 1)")] = name.map { ["/srv/vm": $0] } ?? [:]
        }
        return mounted
    }

    @Test func `a mount of fstab is found out, and the next plan goes by it`() async throws {
        let ground = Ground(mounted(["nas", "nas", "nas"]), disk: Self.file)
        #expect(try await ground.plan().outcome == .infeasible)
        let check = await ground.check()
        let findings = check.results.flatMap(\.findings)
        #expect(findings.contains { $0.item == "folder /srv/vm" && $0.grade == .ok })
        #expect(!findings.contains { $0.item.hasPrefix("storage of") }, "\(findings)")
        #expect(ground.mounts.files.withLock { $0["nas"] } == [])
        let plan = try await ground.plan()
        #expect(plan.outcome == .plan && plan.steps.map(\.mode) == [.live])
        let again = await FitnessCheck.of(ground.observer, isTried: false, allPairs: false)
        #expect(
            again.results.allSatisfy { result in
                result.findings.contains {
                    $0.item == "shared storage" && $0.detail.contains("/srv/vm (proven 2023-11-14T")
                }
            })
    }

    @Test func `a declared mount that is missing fails its host, and no guest is sent there`()
        async throws
    {
        for missing in [nil, "disk of host2"] {
            let ground = Ground(
                mounted(["nas", missing, "nas"]), disk: Self.file,
                shared: [SharedStorage(path: "/srv/vm")])
            let results = await ground.check().results
            #expect(results.map(\.isFit).contains(false))
            let own = try #require(results.first { $0.host == "host2" })
            #expect(
                own.findings.contains {
                    $0.item == "folder /srv/vm" && $0.grade == .failure
                        && $0.detail.contains("host1") && $0.remedy?.contains("mount") == true
                }, "\(own.findings)")
            #expect(try await ground.plan().steps.map(\.move.target) == ["host3"])
        }
    }

    @Test func `after it was mounted another check lets guests go there again`() async throws {
        let ground = Ground(
            mounted(["nas", nil, nil]), disk: Self.file, shared: [SharedStorage(path: "/srv/vm")])
        _ = await ground.check()
        #expect(try await ground.plan().outcome == .infeasible)
        ground.mounts.mounted.withLock { $0["host2"] = ["/srv/vm": "nas"] }
        _ = await ground.check()
        #expect(try await ground.plan().steps.map(\.move.target) == ["host2"])
    }

    @Test func `what the check says of a guest is what the plan says`() async throws {
        let ground = Ground(mounted(["a", "b", "c"]), disk: Self.file)
        let findings = await ground.check().results.flatMap(\.findings)
        let told = try #require(findings.first { $0.item.hasPrefix("storage of") })
        let blocker = try #require(try await ground.plan().blockers.first)
        #expect(blocker.detail.contains(told.detail) && blocker.remedy == told.remedy)
    }

    @Test func `a device with one world-wide name is the same where it is seen`() async throws {
        let path = "/dev/disk/by-id/wwn-0x600a098"
        let ground = Ground(
            [:], disk: .block(path: path),
            devices: [
                "host1": "device 2048 naa.600a098 \(path)\n", "host2": "absent - - \(path)\n",
                "host3": "device 2048 naa.600a098 \(path)\n",
            ])
        #expect(try await ground.plan().outcome == .infeasible)
        _ = await ground.check()
        #expect(try await ground.plan().steps.map(\.move.target) == ["host3"])
    }

    @Test func `names that vendors make up prove nothing`() {
        let read = DeviceFacts.read(
            """
            device 2048 t10.ATA_QEMU_HARDDISK_QM00001 /dev/sda
            device 4096 mpath-3600a098 /dev/mapper/my disk
            device 4096 - /dev/drbd0
            absent - - /dev/sdz
            nonsense
            """)
        #expect(
            read == [
                "/dev/sda": .unnamed, "/dev/mapper/my disk": .named("mpath-3600a098, 4096 sectors"),
                "/dev/drbd0": .unnamed, "/dev/sdz": .absent,
            ])
        // Of what one host alone tells nothing follows.
        #expect(DeviceFacts.identities(["host1": read, "host2": [:]]).isEmpty)
    }

    @Test func `a path is asked for as one word, whatever it is called`() throws {
        let script = DeviceFacts.script(["/dev/null", "/no/it's;$(touch x)"])
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(
            DeviceFacts.read(text) == ["/dev/null": .absent, "/no/it's;$(touch x)": .absent])
    }

    @Test func `a proof is of one machine`() {
        var probes = FitnessProbes()
        probes.pools = [
            FitnessProbes.PoolProbe(
                pool: "/srv/vm", path: "/srv/vm/", pair: .init(from: "host1", to: "host2"),
                isSame: true)
        ]
        var proofs = StorageProofs()
        proofs.add(probes, ["host1": "u1", "host2": "u2"], at: Timestamp(seconds: 1))
        #expect(proofs.storage(of: "host1", "u1")?.map(\.path) == ["/srv/vm"])
        #expect(proofs.storage(of: "host1", "u9") == nil)
        #expect(proofs.storage(of: "host3", "u1") == nil)
        // One that failed takes away nothing, one that succeeded all that was known of the path.
        probes.pools[0].isSame = nil
        proofs.add(probes, ["host1": "u1"], at: Timestamp(seconds: 2))
        #expect(proofs.storage(of: "host1", "u1") != nil)
        probes.pools[0].isSame = false
        probes.pools[0].pair.to = "host3"
        proofs.add(probes, ["host1": "u1", "host3": "u3"], at: Timestamp(seconds: 3))
        #expect(proofs.storage(of: "host2", "u2") == nil)
        #expect(
            proofs.storage(of: "host1", "u1")?[0].identity
                != proofs.storage(of: "host3", "u3")?[0].identity)
    }
}
