import ClusterModel
import HypervisorInterface
import Simulation
import Testing

/// What a cold move that keeps everything on the source can see and prove on simulated hosts.
struct KeptFilesTests {
    static let id = ImageWorld.id

    @Test(arguments: [MigrationOptions.Route.peerToPeer, .managed])
    func `whoever keeps the definition loses nothing with it`(
        route: MigrationOptions.Route
    ) async throws {
        let guest = SimulatedGuest(
            firmware: .init(path: ImageWorld.firmware, form: .source), tpm: .init())
        let world = ImageWorld(ImageWorld.world(guest, isLocal: false) { $0.state = .shutOff })
        let (source, target) = (world.keeper("host1"), world.keeper("host2"))
        let images = try await source.images(of: Self.id, disks: [], layer: false, firmware: true)
        #expect(images.map(\.disk) == ["nvram", "tpm"])
        let stamps = try await source.stamps(of: images)
        try await source.copy(images, to: "host2", control: ImageWorld.Control())
        var request = world.request(.offline, from: "host1", to: "host2", route)
        request.keepsDefinition = true
        _ = try await source.migrate(request)
        #expect(try await source.sighting(of: Self.id).presence == .inactive)
        #expect(try await source.differing(images, on: "host2").isEmpty)
        try await source.undefine(Self.id)
        #expect(try await source.stamps(of: images) == stamps)
        // And back: what was lost on the target meanwhile does no harm.
        try await world.fleet.inject(.powerCut("host2", downMilliseconds: 5000))
        world.time.pass(milliseconds: 10_000)
        #expect(try await source.differing(images, on: "host2").map(\.disk) == ["nvram", "tpm"])
        await #expect(throws: HypervisorError.self) {
            try await target.start(Self.id, with: images)
        }
        try await target.copyDefinition(world.request(.offline, from: "host2", to: "host1"))
        try await target.undefine(Self.id)
        try await source.start(Self.id, with: images)
        #expect(try await world.faults == [])
    }

    @Test func `a keeper that does not look starts a guest with a blank TPM`() async throws {
        let world = ImageWorld(
            ImageWorld.world(SimulatedGuest(tpm: .init()), isLocal: false) { $0.state = .shutOff })
        let images = try await world.keeper("host1").images(
            of: Self.id, disks: [], layer: false, firmware: true)
        _ = try await world.keeper("host1").migrate(world.request(.offline))
        try await world.keeper("host2", .startsWithFreshState).start(Self.id, with: images)
        #expect(try await world.faults.contains { $0.contains("is not its own") })
    }

    @Test func `a guest that was started in the middle of its copying shows`() async throws {
        let world = ImageWorld()
        let (source, control) = (world.keeper("host1"), ImageWorld.Control())
        let images = try await world.images()
        try await source.shutDown(Self.id, within: 60, control: control)
        let stamps = try await source.stamps(of: images)
        try await world.fleet.inject(.guestStarted(Self.id))
        try await world.fleet.inject(.guestShutDown(Self.id))
        #expect(try await source.sighting(of: Self.id).presence == .inactive)
        #expect(try await source.stamps(of: images) != stamps)
    }

    @Test func `a copy is on the disk when its guest has flushed it`() async throws {
        let world = ImageWorld()
        let images = try await world.images()
        try await world.moveDefinition()
        let target = world.keeper("host2")
        try await target.start(Self.id, with: images)
        #expect(try await target.unflushed(images, of: Self.id) == images)
        world.time.pass(milliseconds: 10_000)
        #expect(try await target.unflushed(images, of: Self.id).isEmpty)
    }

    @Test func `a file that is neither libvirt's nor in a pool is left alone`() async throws {
        let guest = SimulatedGuest(firmware: .init(path: "/root/vm001.fd"))
        let world = ImageWorld(ImageWorld.world(guest))
        let error = await #expect(throws: HypervisorError.self) { try await world.images() }
        #expect(error?.message.contains("/root/vm001.fd") == true)
    }
}
