import ClusterModel
import Operations
import PlacementPolicy

/// A small cluster written by hand: hosts and domains with nothing but what a story needs.
enum ClusterYAML {
    static func read(_ file: String) throws -> ClusterSnapshot {
        let text = try TextFile.read(file)
        do {
            return try snapshot(text)
        } catch {
            throw CommandError("\(file): \(error)")
        }
    }

    private static func snapshot(_ yaml: String) throws(PolicyError) -> ClusterSnapshot {
        let table = try YAMLTable(yaml: yaml, keys: ["hosts", "domains"])
        var hosts: [Host] = []
        for entry in try table.tables("hosts", keys: ["name", "cpus", "memory", "linkMbps"]) {
            let name = try entry.required(entry.scalar("name", "a word") { $0 }, "name")
            hosts.append(
                host(
                    HostName(name),
                    cpus: try entry.required(number(entry, "cpus"), "cpus"),
                    memory: try entry.required(
                        entry.scalar("memory", "a size such as 64GiB", Quantity.bytes), "memory"),
                    linkMbps: try number(entry, "linkMbps") ?? 10_000))
        }
        var domains: [Domain] = []
        for entry in try table.tables("domains", keys: ["name", "host", "vcpus", "memory"]) {
            let name = try entry.required(entry.scalar("name", "a word") { $0 }, "name")
            let host = try entry.required(
                entry.scalar("host", "one of the hosts above") { text in
                    hosts.contains { $0.name.rawValue == text } ? HostName(text) : nil
                }, "host")
            domains.append(
                domain(
                    name, on: host, vcpus: try number(entry, "vcpus") ?? 2,
                    memory: try entry.scalar("memory", "a size such as 4GiB", Quantity.bytes)
                        ?? .gibibytes(4)))
        }
        return ClusterSnapshot(
            observedAt: Timestamp(milliseconds: 0), hosts: hosts, domains: domains)
    }

    private static func number(_ table: YAMLTable, _ key: String) throws(PolicyError) -> Int? {
        try table.scalar(key, "a whole number above 0") { Int($0).flatMap { $0 > 0 ? $0 : nil } }
    }

    static func host(_ name: HostName, cpus: Int, memory: Bytes, linkMbps: Int) -> Host {
        Host(
            name: name, linkMbps: linkMbps,
            facts: HostFacts(
                uuid: "uuid-of-\(name)", hostname: name.rawValue,
                cpu: HostCPU(architecture: "x86_64", logicalCPUs: cpus), memory: memory,
                guestSupport: [
                    GuestSupport(
                        virtualization: "kvm", architecture: "x86_64", emulator: "qemu",
                        machineTypes: ["pc"])
                ], networks: ["default"]))
    }

    static func domain(
        _ name: String, id: DomainID? = nil, on host: HostName, vcpus: Int, memory: Bytes
    ) -> Domain {
        Domain(
            facts: DomainFacts(
                id: id ?? DomainID("id-of-\(name)"), name: name, vcpus: vcpus, memory: memory,
                guest: GuestPlatform(machineType: "pc"),
                disks: [Disk(target: "vda", source: .network(protocol: "rbd", name: name))],
                interfaces: [.network("default")]),
            host: host, demand: .unknown, dirtyRate: .mebibytes(5))
    }
}
