import ClusterModel
import PlacementPolicy
import Planning
import TestSupport
import Testing

/// A guest was started on the newer of two hosts with a model that both have, and features that
/// only the newer one has. libvirt of the older one says so when it is asked.
@Suite struct RequiredFeatureCases {
    static let kind = "0123456789abcdef"

    /// Ivy Bridge on host1, Westmere on host2.
    private func fleet(hosts: Int = 2) -> GuestCase {
        var fleet = GuestCase(hosts: hosts)
        fleet.change(host: 1) { ($0.cpu.model, $0.cpu.features) = ("IvyBridge-IBRS", ["vmx"]) }
        fleet.change(host: 2) { ($0.cpu.model, $0.cpu.features) = ("Westmere-IBRS", ["vmx"]) }
        if hosts > 2 {
            fleet.change(host: 3) { ($0.cpu.model, $0.cpu.features) = ("IvyBridge-IBRS", ["vmx"]) }
        }
        for host in 1...hosts {
            fleet.change(host: host) { $0.guestSupport[0].usableCPUModels = ["Westmere"] }
        }
        fleet.guest.cpu = GuestCPU(
            mode: "custom", model: "Westmere", requiredFeatures: ["avx", "f16c", "rdrand"])
        return fleet
    }

    private func refused(_ lacks: [String]?) -> CPUAnswer {
        CPUAnswer(
            kind: Self.kind, isUsable: false, lacks: lacks,
            reason: "the CPU is incompatible with host CPU")
    }

    @Test func `the older host is ruled out, and the features are named`() throws {
        var fleet = fleet()
        fleet.guest.cpu.kind = Self.kind
        fleet.change(host: 2) { $0.cpuAnswers = [refused(["avx", "f16c", "rdrand"])] }
        let blocker = try fleet.blocker()
        #expect(blocker.reason == .cpuModel)
        #expect(
            blocker.detail == "host2: the CPU lacks avx, f16c, rdrand, which the guest requires")
        #expect(blocker.remedy.contains("virsh hypervisor-cpu-baseline"))
        #expect(!fleet.complaints().isEmpty)
    }

    @Test func `the host that is like its own takes it`() {
        var fleet = fleet(hosts: 3)
        fleet.guest.cpu.kind = Self.kind
        fleet.change(host: 2) { $0.cpuAnswers = [refused(["avx"])] }
        fleet.change(host: 3) { $0.cpuAnswers = [CPUAnswer(kind: Self.kind, isUsable: true)] }
        // The older one has more room.
        fleet.change(host: 2) { $0.memory = .gibibytes(64) }
        #expect(fleet.target == "host3")
    }

    @Test func `without an answer the hosts' own features decide`() throws {
        let fleet = fleet()
        let blocker = try fleet.blocker()
        #expect(
            blocker.detail == "host2: the CPU lacks avx, f16c, rdrand, which the guest requires")
        #expect(!fleet.complaints().isEmpty)
    }

    @Test func `a model that nobody knows leaves it open, and says so`() {
        var fleet = fleet()
        fleet.change(host: 2) { $0.cpu.model = "SapphireRapids" }
        let plan = fleet.drained()
        #expect(plan.steps.map(\.move.target) == ["host2"])
        #expect(
            plan.steps[0].cautions.contains(
                "the hosts' CPU models differ, so required features were not compared"))
    }

    @Test func `between makers nothing moves live that libvirt was not asked about`() throws {
        var fleet = fleet()
        fleet.change(host: 2) { $0.cpu.vendor = "AMD" }
        fleet.change(host: 1) { $0.cpu.vendor = "Intel" }
        #expect(try fleet.blocker().detail.contains("made by AMD"))
        #expect(!fleet.complaints().isEmpty)
    }

    @Test func `libvirt's word counts for more than the list of usable models`() {
        // Haswell without hle and rtm runs where Haswell itself is not usable.
        var fleet = fleet()
        fleet.guest.cpu = GuestCPU(mode: "custom", model: "Haswell")
        fleet.guest.cpu.kind = Self.kind
        fleet.change(host: 2) { $0.cpuAnswers = [CPUAnswer(kind: Self.kind, isUsable: true)] }
        #expect(fleet.target == "host2")
        fleet.guest.cpu.kind = nil
        #expect(fleet.target == nil)
        #expect(!fleet.complaints().isEmpty)
    }

    @Test func `what libvirt misses on the guest's own host too, it cannot judge`() throws {
        var fleet = fleet()
        fleet.guest.cpu.requiredFeatures = []
        fleet.guest.cpu.kind = Self.kind
        fleet.change(host: 1) { $0.cpuAnswers = [refused(["xsaves"])] }
        fleet.change(host: 2) { $0.cpuAnswers = [refused(["xsaves"])] }
        #expect(fleet.target == "host2")
        fleet.change(host: 2) { $0.cpuAnswers = [refused(["avx", "xsaves"])] }
        #expect(try fleet.blocker().detail == "host2: the CPU lacks avx, which the guest requires")
        #expect(!fleet.complaints().isEmpty)
    }

    @Test func `a refusal without names is told in libvirt's words`() throws {
        var fleet = fleet()
        fleet.guest.cpu.kind = Self.kind
        fleet.change(host: 2) {
            $0.cpuAnswers = [
                CPUAnswer(
                    kind: Self.kind, isUsable: false,
                    reason: "host CPU vendor does not match required CPU vendor Intel")
            ]
        }
        #expect(try fleet.blocker().detail.contains("required CPU vendor Intel"))
        #expect(!fleet.complaints().isEmpty)
    }

    @Test func `an emulated CPU asks nothing of the host's`() {
        var fleet = fleet()
        fleet.guest.virtualization = "qemu"
        for host in 1...2 {
            fleet.change(host: host) { $0.guestSupport[0].virtualization = "qemu" }
        }
        #expect(fleet.target == "host2")
    }

    @Test func `a fixed time stamp counter needs scaling or the same speed`() throws {
        var fleet = GuestCase()
        fleet.guest.tscHertz = 2_500_000_000
        fleet.change(host: 2) { ($0.cpu.tscHertz, $0.cpu.scalesTSC) = (2_500_400_000, false) }
        #expect(fleet.target == "host2")
        fleet.change(host: 2) { $0.cpu.tscHertz = 2_600_000_000 }
        #expect(try fleet.blocker().detail.contains("2600000000 Hz"))
        #expect(!fleet.complaints().isEmpty)
        fleet.change(host: 2) { $0.cpu.scalesTSC = true }
        #expect(fleet.target == "host2")
        // What nobody can have is not believed, and ends no process.
        fleet.change(host: 2) { ($0.cpu.tscHertz, $0.cpu.scalesTSC) = (.min, false) }
        #expect(fleet.target == "host2")
    }
}
