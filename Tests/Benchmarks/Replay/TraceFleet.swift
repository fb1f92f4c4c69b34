import ClusterModel
import PlacementPolicy
import Replay

/// A made-up fleet for traces that others recorded: equal hosts, domains laid out on them in their
/// order, as much allocated on each as the others.
struct TraceFleet {
    /// A domain of a trace.
    struct Guest {
        var name: String
        var vcpus: Int
        var memory: Bytes
    }

    var hosts: Int
    var cpus: Int
    var memory: Bytes
    var linkMbps = 10_000

    /// SPECpower figures of a present two-socket server, in shares of 400 W.
    static let curve = PowerCurve(
        milliwatts: [
            110_000, 150_000, 175_000, 198_000, 220_000, 242_000, 268_000, 300_000, 335_000,
            368_000, 400_000,
        ])

    func world(_ guests: [Guest], _ history: DemandHistory) -> ReplayWorld {
        let names = (0..<hosts).map { HostName("h\(padded($0))") }
        let nodes = names.map { name in
            Host(
                name: name, linkMbps: linkMbps,
                facts: HostFacts(
                    uuid: "uuid-\(name)", hostname: name.rawValue,
                    cpu: HostCPU(architecture: "x86_64", logicalCPUs: cpus), memory: memory,
                    guestSupport: [
                        GuestSupport(
                            virtualization: "kvm", architecture: "x86_64", emulator: "qemu",
                            machineTypes: ["pc-q35-7.2"])
                    ], networks: ["default"]))
        }
        var allocated = [Int64](repeating: 0, count: hosts)
        let domains = zip(guests, history.domains).map { guest, id in
            // The emptiest by promised memory, as most schedulers place new guests.
            let host = allocated.indices.min { allocated[$0] < allocated[$1] } ?? 0
            allocated[host] += guest.memory.count
            return Domain(
                facts: DomainFacts(
                    id: id, name: guest.name, vcpus: guest.vcpus, memory: guest.memory,
                    guest: GuestPlatform(machineType: "pc-q35-7.2"),
                    disks: [
                        Disk(target: "vda", source: .network(protocol: "rbd", name: guest.name))
                    ], interfaces: [.network("default")]),
                host: names[host], demand: .unknown, dirtyRate: .mebibytes(5))
        }
        let base = ClusterSnapshot(observedAt: history.start, hosts: nodes, domains: domains)
        return ReplayWorld(
            base: base, history: history,
            curves: Dictionary(
                firstOf: names.map { ($0, Self.curve) }))
    }

    private func padded(_ number: Int) -> String {
        let digits = String(number + 1)
        return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }
}
