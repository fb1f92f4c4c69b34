package import ClusterModel

/// Builds clusters for tests in few words: hosts that are alike, on one shared storage.
package struct ClusterBuilder: Sendable {
    package var hosts: [Host] = []
    package var domains: [Domain] = []
    package var inFlight: [MigrationInFlight] = []
    package var slots = 1

    package init() {}

    package static let shared = StoragePool(
        name: "shared", type: "netfs", targetPath: "/shared",
        identity: "netfs:nfs:10.0.0.1:/export")
    package static let local = StoragePool(
        name: "default", type: "dir", targetPath: "/var/lib/libvirt/images")

    package static func facts(
        _ name: String, memory: Bytes, cpus: Int, cells: [NUMACell] = []
    ) -> HostFacts {
        HostFacts(
            uuid: "uuid-of-\(name)", hostname: name,
            cpu: HostCPU(
                architecture: "x86_64", model: "Skylake-Server", vendor: "Intel", microcode: "1",
                features: ["avx512f", "vmx"], logicalCPUs: cpus, hasVirtualization: true),
            memory: memory, cells: cells, libvirtVersion: 9_000_000, hypervisorVersion: 7_002_000,
            guestSupport: [
                GuestSupport(
                    virtualization: "kvm", architecture: "x86_64",
                    emulator: "/usr/bin/qemu-system-x86_64",
                    machineTypes: ["pc-q35-7.2", "q35"],
                    usableCPUModels: ["Haswell", "Skylake-Server"])
            ],
            networks: ["default"], bridges: ["br0"], pools: [local, shared])
    }

    /// Memory and reserve are such that `memory` is what the domains may have.
    @discardableResult
    package mutating func host(
        _ name: HostName, memory: Bytes = .gibibytes(16), cpus: Int = 16, zone: ZoneName? = nil,
        cells: [NUMACell] = []
    ) -> Int {
        hosts.append(
            Host(
                name: name, zone: zone, linkMbps: 10_000,
                reserve: Reserve(memory: .zero, cpu: .zero),
                facts: Self.facts(name.rawValue, memory: memory, cpus: cpus, cells: cells)))
        return hosts.count - 1
    }

    @discardableResult
    package mutating func domain(
        _ name: String, on host: HostName, memory: Bytes = .gibibytes(1), vcpus: Int = 1,
        cpu: [MilliCPU]? = [100], state: DomainState = .running, disk: String? = nil
    ) -> Int {
        var facts = DomainFacts(
            id: DomainID("id-of-\(name)"), name: name, state: state, vcpus: vcpus, memory: memory)
        facts.guest.machineType = "pc-q35-7.2"
        facts.disks = [Disk(target: "vda", source: .file(path: disk ?? "/shared/\(name).qcow2"))]
        domains.append(Domain(facts: facts, host: host, demand: Demand(cpu: cpu, samples: 10)))
        return domains.count - 1
    }

    package var snapshot: ClusterSnapshot {
        ClusterSnapshot(
            observedAt: Timestamp(seconds: 1_790_000_000), hosts: hosts, domains: domains,
            inFlight: inFlight, demandSlots: slots)
    }
}
