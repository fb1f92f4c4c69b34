import ClusterModel
import HypervisorInterface
import Simulation
import Testing

/// The world refuses what a real host would refuse, and breaks as a real one would.
struct SimulatedWorldTests {
    static let id: DomainID = "00000002-5150-4000-8000-000000000001"

    /// Three hosts and one domain, vm001 on host1, persistent and started with its host.
    static let world = SimulatedFleet.example(
        hosts: 3, domains: 1, seed: 1, now: Timestamp(seconds: 1_700_000_000))

    static func request(to target: HostName = "host2") -> MigrationRequest {
        MigrationRequest(
            domain: id, target: target, targetURI: "", migrateURI: "tcp://\(target)",
            isPersistent: true, options: MigrationOptions())
    }

    /// The one domain with other facts.
    static func world(_ change: (inout DomainFacts) -> Void) -> SimulatedWorld {
        var world = Self.world
        guard let old = world.copy(of: id, on: "host1") else { return world }
        var facts = old.facts
        change(&facts)
        world.place(SimulatedDomain(facts: facts), on: "host1")
        return world
    }

    /// Runs the world until its migration has entered a phase, then strikes, then lets it end.
    static func after(
        _ fault: SimulatedFault, in phase: SimulatedMigration.Phase
    ) throws -> SimulatedWorld {
        var world = Self.world
        world.schedule = [ScheduledFault(.phase(id, phase), fault)]
        _ = try world.migrate(request(), from: "host1")
        world.advance(to: world.now.advanced(byMilliseconds: 600_000))
        #expect(world.schedule.isEmpty && world.migrations.isEmpty)
        return world
    }

    @Test func `a migration takes definition and guest, and loses autostart`() throws {
        var world = Self.world
        let number = try world.migrate(Self.request(), from: "host1")
        #expect(try world.sighting(of: Self.id, on: "host1").jobActive)
        #expect(try world.sighting(of: Self.id, on: "host2").presence == .pausedByMigration)
        world.advance(to: world.now.advanced(byMilliseconds: 600_000))
        #expect(world.ending(of: number)?.failure == nil)
        #expect(try world.sighting(of: Self.id, on: "host1") == DomainSighting(.absent))
        let arrived = DomainSighting(.running, isPersistent: true, autostart: false)
        #expect(try world.sighting(of: Self.id, on: "host2") == arrived)
    }

    @Test func `two migrations share a link`() throws {
        var alone = Self.world { $0.memory = .gibibytes(8) }
        alone.changeHost("host1") { $0.linkMbps = 1000 }
        var shared = alone
        if let first = shared.copy(of: Self.id, on: "host1") {
            var facts = first.facts
            facts.id = "second"
            facts.name = "vm002"
            shared.place(SimulatedDomain(facts: facts), on: "host1")
        }
        var second = Self.request(to: "host3")
        second.domain = "second"
        let single = try alone.migrate(Self.request(), from: "host1")
        let pair = [
            try shared.migrate(Self.request(), from: "host1"),
            try shared.migrate(second, from: "host1"),
        ]
        for _ in 0..<10 {
            alone.advance(to: alone.now.advanced(byMilliseconds: 60_000))
            shared.advance(to: shared.now.advanced(byMilliseconds: 60_000))
        }
        let one = try #require(alone.ending(of: single)?.statistics)
        // 8 GiB at 125 MB/s and nothing rewritten.
        #expect((68_000...71_000).contains(one.durationMilliseconds))
        for number in pair {
            let two = try #require(shared.ending(of: number)?.statistics)
            #expect((137_000...140_000).contains(two.durationMilliseconds))
        }
    }

    @Test func `in what steps the time is passed makes no difference`() throws {
        var coarse = Self.world
        _ = try coarse.migrate(Self.request(), from: "host1")
        var fine = coarse
        for _ in 0..<6000 { fine.advance(to: fine.now.advanced(byMilliseconds: 7)) }
        coarse.advance(to: fine.now)
        #expect(coarse == fine)
    }

    @Test func `a card is plugged into what the request says`() throws {
        var world = Self.world { $0.interfaces = [.bridge("br7"), .network("default")] }
        var request = Self.request()
        request.interfaces = ["br7": "br0", "other": "br9"]
        let number = try world.migrate(request, from: "host1")
        world.advance(to: world.now.advanced(byMilliseconds: 600_000))
        #expect(world.ending(of: number)?.failure == nil)
        let arrived = world.copy(of: Self.id, on: "host2")?.facts.interfaces
        #expect(arrived == [.bridge("br0"), .network("default")])
    }

    @Test func `QEMU is started under the path that the request says`() throws {
        var world = Self.world { $0.guest.emulator = "/usr/bin/elsewhere" }
        var request = Self.request()
        let there = try #require(world.host("host2")?.facts.guestSupport.first?.emulator)
        request.emulators = ["/usr/bin/elsewhere": there]
        let number = try world.migrate(request, from: "host1")
        world.advance(to: world.now.advanced(byMilliseconds: 600_000))
        #expect(world.ending(of: number)?.failure == nil)
        #expect(world.copy(of: Self.id, on: "host2")?.facts.guest.emulator == there)
    }

    // MARK: Refusals

    static let refused: [(String, SimulatedWorld, HostName, HypervisorError.Kind)] = [
        ("to itself", world, "host1", .failed),
        (
            "without the network", world { $0.interfaces = [.network("dmz")] }, "host2",
            .incompatible
        ),
        ("without the bridge", world { $0.interfaces = [.bridge("br7")] }, "host2", .incompatible),
        ("of a machine type", world { $0.guest.machineType = "pc-9.9" }, "host2", .incompatible),
        ("of a CPU model", world { $0.guest.cpu.model = "EPYC-Genoa" }, "host2", .incompatible),
        (
            "of a QEMU that is not there", world { $0.guest.emulator = "/usr/bin/elsewhere" },
            "host2", .incompatible
        ),
        ("of an architecture", world { $0.guest.architecture = "s390x" }, "host2", .incompatible),
        ("without memory", world { $0.memory = .gibibytes(900) }, "host2", .incompatible),
        (
            "from a local disk",
            world {
                $0.disks[0].source = .file(path: "/var/lib/libvirt/images/a.qcow2")
            }, "host2", .unsafe
        ),
        (
            "with a host device",
            world {
                $0.blockers = [Blocker(reason: .hostDevice, detail: "hostdev", remedy: "")]
            }, "host2", .incompatible
        ),
        ("of what is shut off", world { $0.state = .shutOff }, "host2", .failed),
        (
            "without huge pages",
            world {
                $0.hugePages = HugePageDemand(pageSize: .mebibytes(2), pages: 512)
            }, "host2", .incompatible
        ),
    ]

    @Test(arguments: refused)
    func `a host refuses a migration`(
        what: String, world: SimulatedWorld, target: HostName, kind: HypervisorError.Kind
    ) {
        var world = world
        let before = world
        let error = #expect(throws: HypervisorError.self) {
            try world.migrate(Self.request(to: target), from: "host1")
        }
        // libvirt tells two hosts apart by their UUID, so to itself is to a copy that is active.
        #expect(error?.kind == kind || what == "to itself", "\(what): \(error as Any)")
        #expect(world == before, "\(what)")
    }

    @Test func `hosts that are away, foreign domains and second jobs are refused`() throws {
        var world = Self.world
        var other = Self.request()
        other.domain = "nobody"
        #expect(throws: HypervisorError.self) { try world.migrate(other, from: "host1") }
        #expect(throws: HypervisorError.self) { try world.migrate(Self.request(), from: "host2") }
        #expect(throws: HypervisorError.self) { try world.migrate(Self.request(), from: "host9") }
        _ = try world.migrate(Self.request(), from: "host1")
        let second = #expect(throws: HypervisorError.self) {
            try world.migrate(Self.request(to: "host3"), from: "host1")
        }
        #expect(second?.message.contains("already running") == true)

        var silent = Self.world
        silent.inject(.daemonRestart("host2", silentMilliseconds: 1000))
        let peer = #expect(throws: HypervisorError.self) {
            try silent.migrate(Self.request(), from: "host1")
        }
        #expect(peer?.kind == .peerUnreachable)
        silent.advance(to: silent.now.advanced(byMilliseconds: 1000))
        #expect(throws: Never.self) { try silent.migrate(Self.request(), from: "host1") }
    }

    @Test func `only what a migration paused is destroyed, only what is inactive undefined`() {
        var world = Self.world
        for host in ["host1", "host2"] as [HostName] {
            #expect(throws: HypervisorError.self) {
                try world.destroyPausedCopy(of: Self.id, on: host)
            }
            #expect(throws: HypervisorError.self) { try world.undefine(Self.id, on: host) }
            #expect(throws: HypervisorError.self) { try world.resume(Self.id, on: host) }
            #expect(throws: HypervisorError.self) {
                try world.abortMigration(of: Self.id, on: host)
            }
        }
        #expect(world == Self.world)
    }

    // MARK: Faults

    typealias Picture = (source: DomainSighting.Presence, target: DomainSighting.Presence)

    static let broken: [(SimulatedFault, SimulatedMigration.Phase, [DomainSighting.Presence])] = [
        (.daemonRestart("host1", silentMilliseconds: 9), .prepare, [.running, .absent]),
        (.daemonRestart("host1", silentMilliseconds: 9), .perform, [.running, .absent]),
        (
            .daemonRestart("host1", silentMilliseconds: 9), .switchOver,
            [.pausedByMigration, .absent]
        ),
        (
            .daemonRestart("host1", silentMilliseconds: 9), .confirm,
            [.pausedByMigration, .running]
        ),
        (.daemonRestart("host2", silentMilliseconds: 9), .prepare, [.running, .absent]),
        (.daemonRestart("host2", silentMilliseconds: 9), .perform, [.running, .absent]),
        (.daemonRestart("host2", silentMilliseconds: 9), .switchOver, [.running, .absent]),
        (.daemonRestart("host2", silentMilliseconds: 9), .confirm, [.absent, .running]),
        (.linkLoss("host2", milliseconds: 90_000), .perform, [.running, .absent]),
        (.linkLoss("host1", milliseconds: 3000), .perform, [.absent, .running]),
        (.linkLoss("host1", milliseconds: 90_000), .switchOver, [.running, .absent]),
        (.lostFinish(id), .prepare, [.running, .running]),
        (.lostConfirm(id), .switchOver, [.pausedByMigration, .running]),
        (.lostUndefine(id), .perform, [.inactive, .running]),
        (.killedInFinish(id), .perform, [.running, .inactive]),
        (.peerLoss("host2", milliseconds: 90_000), .perform, [.running, .absent]),
        (.peerLoss("host2", milliseconds: 9_000), .perform, [.absent, .running]),
        (.abortedByAnother(id), .perform, [.running, .absent]),
        (.guestShutDown(id), .perform, [.inactive, .absent]),
        (.guestShutDown(id), .confirm, [.absent, .inactive]),
        (.movedByAnother(id, to: "host3"), .perform, [.absent, .running]),
        (.connectionLoss("host1", milliseconds: 10), .perform, [.absent, .running]),
    ]

    @Test(arguments: broken)
    func `both hosts look as libvirt leaves them`(
        fault: SimulatedFault, phase: SimulatedMigration.Phase,
        picture: [DomainSighting.Presence]
    ) throws {
        let world = try Self.after(fault, in: phase)
        let source = try world.sighting(of: Self.id, on: "host1")
        let target = try world.sighting(of: Self.id, on: "host2")
        #expect([source.presence, target.presence] == picture, "\(fault) in \(phase)")
        #expect(!source.jobActive && !target.jobActive)
    }

    @Test(arguments: [
        (SimulatedFault.postcopyBreak(id), "postcopy-failed postcopy-failed"),
        (.linkLoss("host1", milliseconds: 90_000), "postcopy-failed postcopy-failed"),
        (.linkLoss("host1", milliseconds: 3000), "absent running"),
        (.daemonRestart("host1", silentMilliseconds: 9), "absent running"),
        (.daemonRestart("host2", silentMilliseconds: 9), "absent running"),
    ])
    func `post-copy ends well or leaves two halves`(fault: SimulatedFault, picture: String) throws {
        var world = Self.world { $0.memory = .gibibytes(8) }
        world.inject(.guestBusy(Self.id, dirtyRate: .gibibytes(2)))
        world.schedule = [ScheduledFault(.phase(Self.id, .postcopy), fault)]
        var request = Self.request()
        request.options.postcopy = true
        _ = try world.migrate(request, from: "host1")
        world.advance(to: world.now.advanced(byMilliseconds: 600_000))
        #expect(world.schedule.isEmpty && world.migrations.isEmpty)
        let seen = try ["host1", "host2"].map {
            try world.sighting(of: Self.id, on: HostName($0)).presence.rawValue
        }
        #expect(seen.joined(separator: " ") == picture, "\(fault)")
    }

    @Test func `post-copy goes on where it was cut, once the link is back`() throws {
        var world = Self.world { $0.memory = .gibibytes(8) }
        world.inject(.guestBusy(Self.id, dirtyRate: .gibibytes(2)))
        world.schedule = [
            ScheduledFault(
                .phase(Self.id, .postcopy), .linkLoss("host1", milliseconds: 90_000))
        ]
        var request = Self.request()
        request.options.postcopy = true
        _ = try world.migrate(request, from: "host1")
        #expect(throws: HypervisorError.self) {
            try world.resumePostcopy(request, from: "host1")
        }
        while !world.fates(of: Self.id).contains(.cutInTwo) {
            world.advance(to: try #require(world.nextChange))
        }
        #expect(throws: HypervisorError.self) {
            try world.resumePostcopy(request, from: "host1")
        }
        let missing = try #require(world.copy(of: Self.id, on: "host2")?.missing)
        #expect(missing > .zero)
        world.advance(to: world.now.advanced(byMilliseconds: 90_000))
        try world.resumePostcopy(request, from: "host1")
        #expect(world.migration(of: Self.id)?.remaining == missing)
        #expect(try world.sighting(of: Self.id, on: "host1").jobActive)
        world.advance(to: world.now.advanced(byMilliseconds: 600_000))
        #expect(try world.sighting(of: Self.id, on: "host1").presence == .absent)
        let arrived = try world.sighting(of: Self.id, on: "host2")
        #expect(arrived.presence == .running && arrived.isPersistent)
        #expect(world.fates(of: Self.id).isEmpty && world.violations.isEmpty)
    }

    @Test func `a host that is lost takes its guests along`() throws {
        let source = try Self.after(.hostLoss("host1"), in: .perform)
        #expect(source.fates(of: Self.id) == [.lostWithHost])
        #expect(try source.sighting(of: Self.id, on: "host2").presence == .absent)
        let target = try Self.after(.hostLoss("host2"), in: .perform)
        #expect(target.fates(of: Self.id).isEmpty)
        #expect(try target.sighting(of: Self.id, on: "host1").presence == .running)
        let late = try Self.after(.hostLoss("host1"), in: .confirm)
        #expect(late.fates(of: Self.id).isEmpty)
        #expect(try late.sighting(of: Self.id, on: "host2").presence == .running)
    }

    @Test func `a host that comes back has nothing but definitions, and starts what is marked`()
        throws
    {
        let target = try Self.after(.hostReboot("host2", downMilliseconds: 5000), in: .perform)
        #expect(target.host("host2")?.domains.isEmpty == true)
        #expect(try target.sighting(of: Self.id, on: "host1").presence == .running)
        // Its empty process went with the power: a second attempt must not be cleaned up for it.
        var again = target
        again.inject(.hostReboot("host2", downMilliseconds: 1))
        again.advance(to: again.now.advanced(byMilliseconds: 2))
        _ = try again.migrate(Self.request(), from: "host1")
        again.advance(to: again.now.advanced(byMilliseconds: 600_000))
        #expect(try again.sighting(of: Self.id, on: "host2").presence == .running)
        let source = try Self.after(.hostReboot("host1", downMilliseconds: 5000), in: .perform)
        #expect(source.fates(of: Self.id) == [.lostWithHost])
        #expect(try source.sighting(of: Self.id, on: "host1").presence == .running)
    }

    @Test func `a stuck monitor holds a migration up, and refuses its abort`() throws {
        var world = Self.world
        world.schedule = [
            ScheduledFault(.phase(Self.id, .perform), .stuckMonitor(Self.id, milliseconds: 50_000))
        ]
        let number = try world.migrate(Self.request(), from: "host1")
        world.advance(to: world.now.advanced(byMilliseconds: 40_000))
        let refusal = #expect(throws: HypervisorError.self) {
            try world.abortMigration(of: Self.id, on: "host1")
        }
        #expect(refusal?.code == 68)
        #expect(try world.progress(of: Self.id, on: "host1") == nil)
        world.advance(to: world.now.advanced(byMilliseconds: 40_000))
        #expect(world.ending(of: number)?.failure == nil && world.migrations.isEmpty)
    }

    @Test func `a managed migration needs us, and a peer-to-peer one does not`() throws {
        for (route, phase, picture) in [
            (MigrationOptions.Route.managed, SimulatedMigration.Phase.perform, "running absent"),
            (.managed, .switchOver, "paused-by-migration absent"),
            (.managed, .confirm, "paused-by-migration running"),
            (.peerToPeer, .perform, "absent running"),
        ] {
            var world = Self.world
            var request = Self.request()
            request.options.route = route
            let number = try world.migrate(request, from: "host1")
            while world.migration(of: Self.id)?.phase != phase {
                world.advance(to: try #require(world.nextChange))
            }
            world.abandon(number)
            world.advance(to: world.now.advanced(byMilliseconds: 600_000))
            let seen = try ["host1", "host2"].map {
                try world.sighting(of: Self.id, on: HostName($0)).presence.rawValue
            }
            #expect(seen.joined(separator: " ") == picture, "\(route) in \(phase)")
        }
    }

    @Test func `to resume what has run elsewhere is a violation`() throws {
        var world = try Self.after(.lostConfirm(Self.id), in: .switchOver)
        #expect(world.violations.isEmpty)
        try world.resume(Self.id, on: "host1")
        #expect(world.violations.count == 1)
    }
}
