import ClusterModel
import FaultScenarios
import Foundation
import HypervisorInterface
import Simulation
import Testing

/// Images and cold moves of simulated hosts: what libvirt, QEMU and guests make of them.
struct SimulatedImagesTests {
    static let id = ImageWorld.id

    // MARK: Cold moves

    @Test func `a guest moves cold with all that is its own`() async throws {
        let guest = SimulatedGuest(
            firmware: .init(path: ImageWorld.firmware), tpm: .init(isKept: true))
        let world = ImageWorld(ImageWorld.world(guest))
        let control = ImageWorld.Control()
        let images = try await world.images()
        #expect(images.map(\.disk) == ["vda", "nvram", "tpm"])
        try await world.keeper("host2").admit(images, isVerbatim: true)
        try await world.moveDefinition(control)
        #expect(try await world.faults == [])
        let down = world.judge.guestsDown(in: try await world.fleet.present())
        #expect(down.map(\.name) == ["vm001"])
        #expect(control.all.made == images.map(\.path) && control.all.asked == 1)
        #expect(control.all.total == Bytes(2 * images.reduce(0) { $0 + $1.length.count }))
        #expect(control.all.processed == Int(control.all.total.count))
        try await world.keeper("host2").start(Self.id, with: [])
        #expect(try await world.faults == [])
        let left = world.judge.leftFiles(in: try await world.fleet.present())
        #expect(left.map(\.path) == [ImageWorld.disk])
        try await world.keeper("host1").remove(images, of: Self.id)
        let end = try await world.fleet.present()
        #expect(end.leftFiles.isEmpty && end.holders(of: Self.id) == ["host2"])
        #expect(try await world.faults == [])
        #expect(world.judge.guestsDown(in: end).isEmpty)
    }

    @Test func `a copy takes the time that its length takes twice`() async throws {
        var start = ImageWorld.world()
        start.changeHost("host2") { $0.linkMbps = 1000 }
        let world = ImageWorld(start)
        let before = world.time.now
        try await world.keeper("host1").copy(
            world.images(), to: "host2", control: ImageWorld.Control())
        // 1 GiB at 125 MB/s, there and back.
        #expect((17_000...17_400).contains(world.time.now.millisecondsSince(before)))
    }

    @Test func `an offline migration of what runs leaves it running`() async throws {
        let world = ImageWorld(ImageWorld.world(isLocal: false))
        _ = try await world.keeper("host1").migrate(world.request(.offline))
        let source = try await world.keeper("host1").sighting(of: Self.id)
        let target = try await world.keeper("host2").sighting(of: Self.id)
        #expect(source.presence == .running && source.isPersistent)
        #expect(target.presence == .inactive && target.isPersistent)
        #expect(try await world.faults == [])
    }

    @Test func `a lost Confirm leaves a definition on both hosts`() async throws {
        let world = ImageWorld(ImageWorld.world { $0.state = .shutOff })
        let call = try await world.fleet.change {
            try $0.migrate(world.request(.offline), from: "host1")
        }
        try await world.fleet.inject(.lostConfirm(Self.id))
        world.time.pass(milliseconds: 5000)
        let end = try await world.fleet.present()
        #expect(end.ending(of: call)?.failure == nil)
        #expect(["host1", "host2"].allSatisfy { end.copy(of: Self.id, on: HostName($0)) != nil })
        #expect(try await world.faults == [])
    }

    @Test(arguments: [
        (MigrationOptions.Route.peerToPeer, false, false), (.peerToPeer, true, true),
        (.managed, false, false), (.managed, true, false),
    ])
    func `libvirt deletes the TPM where a definition leaves`(
        route: MigrationOptions.Route, isKept: Bool, stays: Bool
    ) async throws {
        let guest = SimulatedGuest(tpm: .init(isKept: isKept))
        let world = ImageWorld(ImageWorld.world(guest, isLocal: false) { $0.state = .shutOff })
        _ = try await world.keeper("host1").migrate(
            world.request(.offline, from: "host1", to: "host2", route))
        #expect((try await world.file(ImageWorld.tpm, "host1") != nil) == stays)
        // Nobody has copied it: it is lost where it was deleted.
        #expect(try await world.faults.isEmpty == stays)
    }

    @Test(arguments: [
        ("undefined by us", true, true), ("moved live", false, false),
        ("its definition goes with its process", false, false),
    ])
    func `the TPM goes or stays with the definition`(
        what: String, isPersistent: Bool, stays: Bool
    ) async throws {
        let guest = SimulatedGuest(tpm: .init())
        let world = ImageWorld(
            ImageWorld.world(guest, isLocal: false) { facts in
                facts.isPersistent = what != "its definition goes with its process"
                facts.autostart = false
                if what == "undefined by us" { facts.state = .shutOff }
            })
        switch what {
        case "moved live":
            _ = try await world.keeper("host1").migrate(world.request(.live))
            #expect(try await world.file(ImageWorld.tpm, "host2") != nil)
            #expect(try await world.faults == [])
        case "undefined by us":
            try await world.keeper("host1").undefine(Self.id)
        default:
            try await world.fleet.inject(.guestShutDown(Self.id))
        }
        #expect((try await world.file(ImageWorld.tpm, "host1") != nil) == stays, "\(what)")
    }

    @Test func `a TPM that came back by an offline migration alone is gone from both hosts`()
        async throws
    {
        let guest = SimulatedGuest(tpm: .init())
        let world = ImageWorld(ImageWorld.world(guest, isLocal: false))
        let careless = world.keeper("host1", .takesWhatIsLost)
        let images = try await careless.images(
            of: Self.id, disks: [], layer: false, firmware: true)
        let control = ImageWorld.Control()
        try await careless.shutDown(Self.id, within: 60, control: control)
        try await careless.copy(images, to: "host2", control: control)
        _ = try await careless.migrate(world.request(.offline))
        #expect(try await world.faults == [])
        _ = try await world.keeper("host2").migrate(
            world.request(.offline, from: "host2", to: "host1"))
        #expect(try await world.faults == ["vm001 has lost its tpm: nothing is that is left of 2"])
    }

    @Test func `UEFI variables in no file are refused, or lost`() async throws {
        let guest = SimulatedGuest(
            firmware: .init(path: ImageWorld.firmware, form: .block))
        let world = ImageWorld(ImageWorld.world(guest, isLocal: false))
        await #expect(throws: HypervisorError.self) { try await world.images() }
        let careless = world.keeper("host1", .takesWhatIsLost)
        #expect(
            try await careless.images(of: Self.id, disks: [], layer: false, firmware: true) == [])
        try await careless.shutDown(Self.id, within: 60, control: ImageWorld.Control())
        _ = try await careless.migrate(world.request(.offline))
        try await world.keeper("host2").start(Self.id, with: [])
        let faults = try await world.faults
        #expect(faults.contains { $0.contains("runs on host2 and its nvram at") }, "\(faults)")
    }

    // MARK: Guests

    @Test func `a guest goes down late, and whoever forgets it leaves it down`() async throws {
        let world = ImageWorld(
            ImageWorld.world(SimulatedGuest(shutdown: .late(milliseconds: 70_000))))
        let control = ImageWorld.Control()
        let error = await #expect(throws: HypervisorError.self) {
            try await world.keeper("host1").shutDown(Self.id, within: 10, control: control)
        }
        #expect(error?.message.contains("it may still go down later") == true)
        #expect(try await world.keeper("host1").sighting(of: Self.id).presence == .running)
        world.time.pass(milliseconds: 70_000)
        #expect(try await world.keeper("host1").sighting(of: Self.id).presence == .inactive)
        let down = world.judge.guestsDown(in: try await world.fleet.present())
        #expect(down.map(\.name) == ["vm001"])
        #expect(try await world.faults == [])
        try await world.keeper("host1").start(Self.id, with: [])
        world.time.pass(milliseconds: 600_000)
        #expect(world.judge.guestsDown(in: try await world.fleet.present()).isEmpty)
    }

    @Test func `a deaf guest stays up and is asked every quarter of a minute`() async throws {
        let world = ImageWorld(ImageWorld.world(SimulatedGuest(shutdown: .never)))
        let control = ImageWorld.Control()
        await #expect(throws: HypervisorError.self) {
            try await world.keeper("host1").shutDown(Self.id, within: 40, control: control)
        }
        #expect(control.all.asked == 3)
        #expect(try await world.keeper("host1").sighting(of: Self.id).presence == .running)
    }

    @Test func `a guest that is paused hears nothing, and later what it was told before`()
        async throws
    {
        let world = ImageWorld()
        let source = world.keeper("host1")
        try await world.fleet.change { try $0.askToShutDown(Self.id, on: "host1") }
        try await world.fleet.inject(.guestPaused(Self.id))
        world.time.pass(milliseconds: 60_000)
        #expect(try await source.sighting(of: Self.id).presence == .paused)
        await #expect(throws: HypervisorError.self) {
            try await source.shutDown(Self.id, within: 1, control: ImageWorld.Control())
        }
        try await world.fleet.inject(.guestResumed(Self.id))
        world.time.pass(milliseconds: 10_000)
        #expect(try await source.sighting(of: Self.id).presence == .inactive)
    }

    @Test func `a start fails where a host, a file or the memory is not right`() async throws {
        let world = ImageWorld()
        try await world.moveDefinition()
        let target = world.keeper("host2")
        try await world.fleet.inject(.startFails(Self.id, on: "host2"))
        await #expect(throws: HypervisorError.self) { try await target.start(Self.id, with: []) }
        try await world.fleet.change { $0.heal() }
        try await world.fleet.change {
            $0.changeHost("host2") { $0.facts.memory = .mebibytes(1) }
        }
        let error = await #expect(throws: HypervisorError.self) {
            try await target.start(Self.id, with: [])
        }
        #expect(error?.message.contains("Cannot allocate memory") == true)
        #expect(try await world.faults == [])
    }

    // MARK: Old data

    @Test func `to start from a copy of a guest that ran meanwhile is seen`() async throws {
        let world = ImageWorld()
        // Copied while it runs, and only then shut down.
        let images = try await world.images()
        let control = ImageWorld.Control()
        try await world.keeper("host1").copy(images, to: "host2", control: control)
        try await world.keeper("host1").shutDown(Self.id, within: 60, control: control)
        _ = try await world.keeper("host1").migrate(world.request(.offline))
        try await world.keeper("host2").start(Self.id, with: [])
        let faults = try await world.faults
        #expect(faults.contains { $0.contains("vda at \(ImageWorld.disk) is of version 1 of 2") })
    }

    @Test func `what a person starts by hand while it is down is newer than the copy`()
        async throws
    {
        var start = ImageWorld.world()
        start.schedule = [ScheduledFault(.copying(Self.id), .guestStarted(Self.id))]
        let world = ImageWorld(start)
        let control = ImageWorld.Control()
        try await world.keeper("host1").shutDown(Self.id, within: 60, control: control)
        try await world.keeper("host1").copy(world.images(), to: "host2", control: control)
        let copy = try #require(try await world.file(ImageWorld.disk, "host2"))
        #expect(!copy.isWhole)
        #expect(try await world.keeper("host1").sighting(of: Self.id).presence == .running)
        #expect(try await world.faults == [])
    }

    @Test func `originals removed too early are lost with the only copy`() async throws {
        for (pause, isLost) in [(Int64(12_000), true), (60_000, false)] {
            // Nobody flushes UEFI variables: a guest's own flush does not help them.
            let guest = SimulatedGuest(firmware: .init(path: ImageWorld.firmware))
            let world = ImageWorld(ImageWorld.world(guest))
            let images = try await world.images()
            try await world.moveDefinition()
            try await world.keeper("host2").start(Self.id, with: [])
            world.time.pass(milliseconds: pause)
            try await world.keeper("host1").remove(images, of: Self.id)
            try await world.fleet.inject(.powerCut("host2", downMilliseconds: 5000))
            #expect(try await !world.faults.isEmpty == isLost, "after \(pause) ms")
            world.time.pass(milliseconds: 10_000)
            #expect(try await world.file(ImageWorld.disk, "host2")?.isWhole == true)
        }
    }

    @Test func `a loss of power takes a new file or tears it, and the originals stand in`()
        async throws
    {
        for (pause, isThere) in [(Int64(1000), false), (20_000, true)] {
            let world = ImageWorld()
            try await world.moveDefinition()
            world.time.pass(milliseconds: pause)
            try await world.fleet.inject(.powerCut("host2", downMilliseconds: 5000))
            #expect((try await world.file(ImageWorld.disk, "host2") != nil) == isThere)
            #expect(try await world.file(ImageWorld.disk, "host2")?.isWhole != true)
            #expect(try await world.faults == [])
        }
    }

    // MARK: Files that are not ours

    @Test func `a place that is taken is refused, whenever it was taken`() async throws {
        let world = ImageWorld()
        let images = try await world.images()
        let (target, control) = (world.keeper("host2"), ImageWorld.Control())
        try await target.admit(images, isVerbatim: true)
        try await world.fleet.inject(.foreignFile("host2", path: ImageWorld.disk))
        await #expect(throws: HypervisorError.self) {
            try await target.admit(images, isVerbatim: true)
        }
        await #expect(throws: HypervisorError.self) {
            try await target.create(images, control: control)
        }
        await #expect(throws: HypervisorError.self) {
            try await world.keeper("host1").copy(images, to: "host2", control: control)
        }
        #expect(control.all.made == [])
        #expect(try await world.faults == [])
        #expect(try await world.fleet.present().leftFiles.isEmpty)
        try await target.remove(images, of: Self.id)
        let fault = "removed \(ImageWorld.disk) from host2, which is not ours"
        #expect(try await world.faults == [fault])
    }

    @Test func `a keeper that takes places on trust writes over a stranger's file`() async throws {
        let world = ImageWorld()
        try await world.fleet.inject(.foreignFile("host2", path: ImageWorld.disk))
        let images = try await world.images()
        try await world.keeper("host2", .takesPlacesOnTrust).create(
            images, control: ImageWorld.Control())
        #expect(try await world.faults.count == 1)
    }

    @Test func `an image that a domain uses is not removed`() async throws {
        let world = ImageWorld()
        let images = try await world.images()
        await #expect(throws: HypervisorError.self) {
            try await world.keeper("host1").remove(images, of: Self.id)
        }
        #expect(try await world.faults == [])
        try await world.keeper("host1", .removesWhatIsUsed).remove(images, of: Self.id)
        #expect(try await !world.faults.isEmpty)
    }

    @Test func `a pool without room, or of another name, is refused`() async throws {
        var start = ImageWorld.world()
        start.changeHost("host2") { $0.facts.pools[1].available = .mebibytes(900) }
        start.changeHost("host3") { $0.facts.pools[1].name = "other" }
        let world = ImageWorld(start)
        let images = try await world.images()
        for host in ["host2", "host3"] as [HostName] {
            await #expect(throws: HypervisorError.self) {
                try await world.keeper(host).admit(images, isVerbatim: true)
            }
        }
    }

    @Test func `what a keeper made and did not tell of is left`() async throws {
        let world = ImageWorld()
        let control = ImageWorld.Control()
        try await world.keeper("host1", .tellsOfNothing).copy(
            world.images(), to: "host2", control: control)
        #expect(control.all.made == [])
        let left = world.judge.leftFiles(in: try await world.fleet.present())
        #expect(left.map(\.path) == [ImageWorld.disk])
    }

    // MARK: What cuts a copy

    @Test(arguments: [
        SimulatedFault.daemonRestart("host2", silentMilliseconds: 10),
        .connectionLoss("host1", milliseconds: 10), .hostLoss("host2"),
        .linkLoss("host2", milliseconds: 90_000),
        .powerCut("host2", downMilliseconds: 10),
    ])
    func `a fault cuts a copy and leaves what was made`(fault: SimulatedFault) async throws {
        var start = ImageWorld.world()
        start.schedule = [ScheduledFault(.copying(Self.id), fault)]
        let world = ImageWorld(start)
        let control = ImageWorld.Control()
        await #expect(throws: HypervisorError.self, "\(fault)") {
            try await world.keeper("host1").copy(world.images(), to: "host2", control: control)
        }
        #expect(control.all.made == [ImageWorld.disk])
        #expect(try await world.faults == [])
    }

    @Test func `a copy that is aborted ends, and one whose link comes back goes on`() async throws {
        let world = ImageWorld()
        let control = ImageWorld.Control(cancelsAfter: 1)
        let error = await #expect(throws: HypervisorError.self) {
            try await world.keeper("host1").copy(world.images(), to: "host2", control: control)
        }
        #expect(error?.message.contains("aborted") == true)
        let left = world.judge.leftFiles(in: try await world.fleet.present())
        #expect(left.map(\.path) == [ImageWorld.disk] && left.first?.maker == .keeper)

        var start = ImageWorld.world()
        start.schedule = [
            ScheduledFault(.copying(Self.id), .linkLoss("host2", milliseconds: 9000))
        ]
        let other = ImageWorld(start)
        try await other.keeper("host1").copy(
            other.images(), to: "host2", control: ImageWorld.Control())
    }

    // MARK: Live, with its disk

    @Test func `a disk is mirrored into what was made for it`() async throws {
        let world = ImageWorld()
        let (source, target) = (world.keeper("host1"), world.keeper("host2"))
        await #expect(throws: HypervisorError.self) {
            try await source.migrate(world.request(.live))
        }
        let images = try await world.images()
        try await target.create(images, control: ImageWorld.Control())
        let statistics = try await source.migrate(world.request(.storage))
        #expect(try #require(statistics?.transferred) >= .gibibytes(2))
        #expect(try await world.faults == [])
        let left = world.judge.leftFiles(in: try await world.fleet.present())
        #expect(left.map(\.host) == ["host1"])
        try await source.remove(images, of: Self.id)
        #expect(try await world.faults == [])
    }

    @Test func `a mirrored disk of a migration that failed is old`() async throws {
        let world = ImageWorld()
        try await world.keeper("host2").create(
            world.images(), control: ImageWorld.Control())
        try await world.fleet.change {
            $0.schedule = [ScheduledFault(.phase(Self.id, .perform), .killedInFinish(Self.id))]
        }
        await #expect(throws: HypervisorError.self) {
            try await world.keeper("host1").migrate(world.request(.storage))
        }
        #expect(try await world.keeper("host1").sighting(of: Self.id).presence == .running)
        #expect(try await world.faults == [])
    }

    @Test func `a live move takes UEFI variables along and leaves a stale file`() async throws {
        let guest = SimulatedGuest(firmware: .init(path: ImageWorld.firmware, form: .source))
        let world = ImageWorld(ImageWorld.world(guest, isLocal: false))
        _ = try await world.keeper("host1").migrate(world.request(.live))
        #expect(try await world.faults == [])
        let (old, new) = (
            try await world.file(ImageWorld.firmware, "host1"),
            try await world.file(ImageWorld.firmware, "host2")
        )
        let versions = [old, new].compactMap { $0?.content?.version }
        #expect(versions.count == 2 && versions[0] < versions[1])
    }

    // MARK: Seeds

    @Test func `seeds draw every way to move and every kind of guest`() {
        var steps: Set<String> = []
        var guests: Set<String> = []
        for seed in UInt64(0)..<200 {
            let scenario = FaultScenario(seed: seed, images: true)
            #expect(WorldJudge(start: scenario.world).faults(in: scenario.world) == [])
            for step in scenario.plan.steps {
                steps.insert("\(step.mode) \(step.copies.isEmpty) \(step.isShutOff)")
                // Nothing is moved cold that is not named.
                let isNamed = scenario.plan.options.offline?.contains(step.domainName) == true
                #expect(step.mode != .offline || isNamed)
            }
            for guest in scenario.world.hosts.flatMap(\.domains).compactMap(\.guest) {
                guests.insert("\(guest.firmware.map { "\($0.form)" } ?? "no") firmware")
                guests.insert("\(guest.tpm.map { "\($0.isKept)" } ?? "no") TPM")
                guests.insert(guest.shutdown == .prompt ? "prompt" : "slow")
            }
        }
        #expect(
            steps == [
                "live true false", "storage false false", "offline true false",
                "offline false false", "offline true true", "offline false true",
            ])
        #expect(guests.count == 9)
        #expect(!FaultScenario(seed: 3, images: false).plan.steps.contains { $0.mode != .live })
    }

    // MARK: Steps and files

    @Test func `what a step needs is looked at, and a planner's mistake noted`() async throws {
        let world = ImageWorld(ImageWorld.world { $0.interfaces = [.network("dmz")] })
        let needs = try await world.keeper("host1").needs(of: Self.id)
        #expect(needs.memory != nil && needs.networks == ["dmz"])
        let lacks = try await world.keeper("host2").lacks(needs)
        #expect(lacks == ["network dmz is not active on host2"])
        #expect(try await world.faults == [])
        try await world.fleet.change {
            $0.changeHost("host3") { $0.facts.memory = .mebibytes(1) }
        }
        #expect(try await world.keeper("host3").lacks(needs).count == 2)
        #expect(try await world.faults.count == 1)
    }

    @Test func `a secret that the target has not is told before the step`() async throws {
        let uuid = "6f1d9c1e-0c3e-4a52-8f67-1f3f0a1c2d3e"
        let world = ImageWorld(
            ImageWorld.world { $0.secrets = [SecretNeed(uuid: uuid, usageType: "ceph")] })
        let needs = try await world.keeper("host1").needs(of: Self.id)
        #expect(try await world.keeper("host2").lacks(needs) == [])
        try await world.fleet.change {
            $0.changeHost("host2") { $0.facts.secrets = [] }
            $0.changeHost("host3") { $0.facts.secrets = [HostSecret(uuid: uuid)] }
        }
        #expect(
            try await world.keeper("host2").lacks(needs)
                == ["secret \(uuid) (ceph) is not defined on host2"])
        #expect(try await world.keeper("host3").lacks(needs) == [])
    }

    @Test func `a world without images is written as before, and one with them comes back`()
        throws
    {
        let plain = SimulatedWorldTests.world
        let text = String(decoding: try JSONEncoder().encode(plain), as: UTF8.self)
        for key in ["boxedTruth", "files", "equipment", "copies"] {
            #expect(!text.contains("\"\(key)\""))
        }
        #expect(try JSONDecoder().decode(SimulatedWorld.self, from: Data(text.utf8)) == plain)
        var rich = ImageWorld.world(
            SimulatedGuest(
                shutdown: .never, firmware: .init(path: ImageWorld.firmware), tpm: .init()))
        rich.inject(.foreignFile("host2", path: "/srv/x"))
        rich.inject(.startFails(Self.id, on: "host3"))
        let data = try JSONEncoder().encode(rich)
        #expect(try JSONDecoder().decode(SimulatedWorld.self, from: data) == rich)
    }
}
