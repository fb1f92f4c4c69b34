package import ClusterModel

/// Fleets made up from a seed: for the demo, for the benchmark, for tests.
extension SimulatedFleet {
    /// Equal hosts named `host1`, `host2`, … with domains dealt round, of mixed sizes and loads.
    /// Every tenth domain starts with its host, every third pair may not share one.
    package static func example(
        hosts count: Int, domains: Int, seed: UInt64 = 1,
        now: Timestamp = wallClock(), speed: Double = 1
    ) -> SimulatedWorld {
        precondition(count > 0 && domains >= 0, "\(domains) domains on \(count) hosts")
        var random = SplitMix64(seed: seed)
        // Room for every domain on three quarters of the hosts: one of four can be drained.
        let perHost = (domains + count - 1) / count
        let memory = max(Int64(32), Int64(perHost) * 8 * 3 / 2)
        let hosts = (1...count).map { number in
            SimulatedHost(
                name: HostName("host\(number)"),
                facts: exampleFacts(number: number, memory: .gibibytes(memory), perHost: perHost),
                linkMbps: 10_000, bootedAt: now.advanced(byMilliseconds: -86_400_000))
        }
        var world = SimulatedWorld(hosts: hosts, now: now, speed: speed)
        for number in stride(from: 1, through: domains, by: 1) {
            let domain = exampleDomain(number: number, random: &random, now: now)
            world.place(domain, on: HostName("host\((number - 1) % count + 1)"))
        }
        return world
    }

    private static func exampleFacts(number: Int, memory: Bytes, perHost: Int) -> HostFacts {
        let cpus = max(8, perHost * 2)
        return HostFacts(
            uuid: uuid(kind: 1, number: number), hostname: "host\(number).example",
            cpu: HostCPU(
                architecture: "x86_64", model: "Cascadelake-Server", vendor: "Intel",
                logicalCPUs: cpus, megahertz: 2600, hasVirtualization: true),
            memory: memory,
            cells: [NUMACell(id: 0, memory: memory, cpus: Array(0..<cpus))],
            libvirtVersion: 9_000_000, hypervisorVersion: 7_002_000,
            guestSupport: [
                GuestSupport(
                    virtualization: "kvm", architecture: "x86_64",
                    emulator: "/usr/bin/qemu-system-x86_64",
                    machineTypes: ["pc", "pc-q35-7.2", "q35"],
                    usableCPUModels: ["Cascadelake-Server", "Skylake-Server", "qemu64"])
            ],
            networks: ["default"], bridges: ["br0"],
            pools: [
                StoragePool(
                    name: "shared", type: "netfs", targetPath: "/srv/shared",
                    identity: "netfs:nfs:storage.example:/srv/shared"),
                StoragePool(
                    name: "local", type: "dir", targetPath: "/var/lib/libvirt/images"),
            ],
            ksm: KSMCounters(pagesShared: 0, pagesSharing: 0))
    }

    private static func exampleDomain(
        number: Int, random: inout SplitMix64, now: Timestamp
    ) -> SimulatedDomain {
        let name = "vm\(String(repeating: "0", count: max(0, 3 - "\(number)".count)))\(number)"
        let vcpus = random.pick([1, 2, 2, 4]) ?? 2
        let memory = Bytes.gibibytes(random.pick([1, 2, 2, 4, 4, 8]) ?? 2)
        let facts = DomainFacts(
            id: DomainID(uuid(kind: 2, number: number)), name: name,
            autostart: number % 10 == 1, vcpus: vcpus, memory: memory, balloon: memory,
            guest: GuestPlatform(
                machineType: "pc-q35-7.2",
                cpu: GuestCPU(mode: "custom", model: "Skylake-Server")),
            disks: [
                Disk(
                    target: "vda", source: .file(path: "/srv/shared/\(name).qcow2"),
                    cache: "none", capacity: .gibibytes(20))
            ],
            interfaces: [.network("default")],
            antiAffinityGroups: number % 6 < 2 ? ["pair\(number / 6)"] : [])
        let share = random.number(in: 5...60)
        return SimulatedDomain(
            facts: facts, cpu: MilliCPU(MilliCPU.cpus(vcpus).count * share / 100),
            dirtyRate: .mebibytes(random.number(in: 1...80)),
            startedAt: now.advanced(byMilliseconds: -random.number(in: 3_600_000...80_000_000)))
    }

    /// Readable and unique; not random, as nothing here needs it to be.
    private static func uuid(kind: Int, number: Int) -> String {
        let digits = String(number, radix: 16)
        let tail = String(repeating: "0", count: max(0, 12 - digits.count)) + digits
        return "0000000\(kind)-5150-4000-8000-\(tail)"
    }
}
