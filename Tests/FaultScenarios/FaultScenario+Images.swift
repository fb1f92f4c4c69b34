import ClusterModel
import Simulation

/// Guests with disks of their own host, firmware, TPMs and manners, drawn at random. A generator of
/// their own draws them: what a seed gave before stays as it was.
extension FaultScenario {
    /// Do the seeds draw cold moves and copied images?
    package static let drawsImages = true
    /// Do hosts lose their page cache?
    static let drawsPowerCuts = true

    static func equip(_ world: inout SimulatedWorld, random: inout SplitMix64) {
        for host in world.hosts {
            for copy in host.domains {
                world.place(equipped(copy, random: &random), on: host.name)
                world.furnish(copy.id, on: host.name)
            }
            if random.chance(8) { fill(host.name, in: &world, random: &random) }
        }
    }

    private static func equipped(
        _ old: SimulatedDomain, random: inout SplitMix64
    ) -> SimulatedDomain {
        var facts = old.facts
        let isOff = facts.isPersistent && random.chance(15)
        if isOff { facts.state = .shutOff }
        if random.chance(45) {
            let size = Bytes.gibibytes(random.number(in: 1...6))
            facts.disks = [
                Disk(
                    target: "vda",
                    source: .file(path: "/var/lib/libvirt/images/\(facts.name).qcow2"),
                    cache: "none", capacity: size, allocation: size)
            ]
        }
        var copy = SimulatedDomain(
            facts: facts, cpu: old.cpu, dirtyRate: old.dirtyRate,
            startedAt: isOff ? nil : old.startedAt)
        copy.hotSet = old.hotSet
        var guest = SimulatedGuest()
        if random.chance(35) {
            guest.firmware = SimulatedGuest.Firmware(
                path: random.chance(80)
                    ? SimulatedGuest.Firmware.ownPath(of: facts.name)
                    : "/srv/firmware/\(facts.name).fd",
                form: random.pick([.plain, .plain, .plain, .source, .source, .block]) ?? .plain)
        }
        if random.chance(20) { guest.tpm = SimulatedGuest.TPM(isKept: random.chance(50)) }
        switch random.number(in: 0...99) {
        case 0..<6: guest.shutdown = .late(milliseconds: random.number(in: 5000...400_000))
        case 6..<9: guest.shutdown = .never
        default: break
        }
        copy.equip(guest)
        return copy
    }

    /// There is hardly room left in its local pool.
    private static func fill(
        _ host: HostName, in world: inout SimulatedWorld, random: inout SplitMix64
    ) {
        let left = Bytes.gibibytes(random.number(in: 0...8))
        world.changeHost(host) { host in
            for index in host.facts.pools.indices where host.facts.pools[index].identity == nil {
                host.facts.pools[index].available = left
            }
        }
    }

    /// One in twenty has a guest that goes down when its run has long stopped to watch it.
    static func veryLate(
        _ moves: [Move], at now: Timestamp, seed: UInt64
    ) -> [ScheduledFault] {
        var random = SplitMix64(seed: seed ^ 0x1a7e)
        guard random.chance(5), let move = random.pick(moves) else { return [] }
        let milliseconds = random.number(in: 600_000...4_500_000)
        return [ScheduledFault(.at(now), .guestLate(move.domain, milliseconds: milliseconds))]
    }

    /// Half of the domains are named to move cold, and mostly disks may be copied.
    static func addWays(
        to options: inout MigrationOptions, in world: SimulatedWorld,
        random: inout SplitMix64
    ) {
        let names = world.hosts.flatMap(\.domains).map(\.facts.name)
        options.offline = names.filter { _ in random.chance(55) }
        options.copyStorageAll = random.chance(75) ? ["*"] : nil
        options.shutdownSeconds = Int(random.number(in: 10...120))
        options.keepsImages = random.chance(15) ? true : nil
        options.prefersLive = random.chance(25) ? true : nil
    }
}
