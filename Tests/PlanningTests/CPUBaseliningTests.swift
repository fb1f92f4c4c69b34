import ClusterModel
import PlacementPolicy
import Planning
import TestSupport
import Testing

/// The CPU that every host can give, and who has another one.
@Suite struct CPUBaseliningTests {
    /// Two Skylakes and a Haswell.
    private func fleet() -> ClusterBuilder {
        var cluster = ClusterBuilder()
        for name in ["host1", "host2", "host3"] { cluster.host(HostName(name)) }
        cluster.hosts[2].facts?.cpu.model = "Haswell"
        cluster.hosts[2].facts?.cpu.features = ["vmx"]
        cluster.hosts[2].facts?.guestSupport[0].usableCPUModels = ["Haswell", "Penryn", "Nehalem"]
        for index in 0...1 {
            cluster.hosts[index].facts?.guestSupport[0].usableCPUModels = [
                "Haswell", "Nehalem", "Penryn", "Skylake-Server", "something-new",
            ]
        }
        return cluster
    }

    private func baseline(_ cluster: ClusterBuilder) -> CPUBaseline {
        Planner.cpuBaseline(of: cluster.snapshot, under: .default)
    }

    private func add(
        _ name: String, on host: HostName, _ cpu: GuestCPU, to cluster: inout ClusterBuilder
    ) {
        let index = cluster.domain(name, on: host)
        cluster.domains[index].facts.guest.cpu = cpu
    }

    @Test func `the models that all hosts have, the richest first`() {
        let found = baseline(fleet())
        #expect(found.models == ["Haswell", "Nehalem", "Penryn"])
        #expect(found.virtualization == "kvm" && found.guests.isEmpty && found.guestsInAll == 0)
        #expect(found.hosts.map(\.model) == ["Skylake-Server", "Skylake-Server", "Haswell"])
        var emulated = fleet()
        emulated.hosts[2].facts?.guestSupport[0].virtualization = "qemu"
        #expect(baseline(emulated).virtualization == "qemu")
        #expect(baseline(emulated).models == [], "the others say nothing of emulation")
        // Whoever does not answer is named, and does not count.
        var silent = fleet()
        silent.hosts[2].fault = "no route to host"
        #expect(baseline(silent).models.first == "Skylake-Server")
        #expect(baseline(silent).unreachable == ["host3"])
    }

    @Test func `guests with a CPU that some host lacks are named with these hosts`() throws {
        var cluster = fleet()
        add("new", on: "host1", GuestCPU(mode: "custom", model: "Skylake-Server"), to: &cluster)
        add("old", on: "host1", GuestCPU(mode: "custom", model: "Haswell"), to: &cluster)
        add(
            "wide", on: "host2",
            GuestCPU(mode: "custom", model: "Haswell", requiredFeatures: ["avx512f"]), to: &cluster)
        add("own", on: "host3", GuestCPU(mode: "host-passthrough"), to: &cluster)
        let off = cluster.domain("off", on: "host1", state: .shutOff)
        cluster.domains[off].facts.guest.cpu = GuestCPU(mode: "custom", model: "Skylake-Server")
        let found = baseline(cluster)
        #expect(found.guestsInAll == 4)
        try #require(found.guests.map(\.name) == ["new", "wide", "own"])
        #expect(
            found.guests.map { $0.lacks.flatMap(\.hosts) } == [
                ["host3"], ["host3"], ["host1", "host2"],
            ])
        #expect(found.guests[0].lacks[0].detail == "CPU model Skylake-Server is not usable")
        #expect(found.guests[1].lacks[0].detail.contains("avx512f"))
        #expect(found.guests[2].lacks[0].detail.contains("host-passthrough needs the same CPU"))
    }
}
