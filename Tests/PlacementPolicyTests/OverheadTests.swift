import ClusterModel
import PlacementPolicy
import Testing

/// What a domain takes of its host beside its guest's memory.
@Suite struct OverheadTests {
    private func overhead(_ yaml: String) throws -> DomainOverhead {
        try Policy(yaml: "name: x\n\(yaml)").perDomainOverhead
    }

    private func facts(_ memory: Bytes, vcpus: Int, video: Bytes? = nil) -> DomainFacts {
        var facts = DomainFacts(id: "a", name: "a", vcpus: vcpus, memory: memory)
        facts.videoMemory = video
        return facts
    }

    @Test func `it grows with the guest`() {
        let small = DomainOverhead().size(of: facts(.gibibytes(1), vcpus: 1))
        #expect(small > .mebibytes(135) && small < .mebibytes(145))
        let large = DomainOverhead().size(of: facts(.gibibytes(512), vcpus: 64))
        #expect(large > .mebibytes(2600) && large < .mebibytes(2800))
        let shown = DomainOverhead().size(
            of: facts(.gibibytes(1), vcpus: 1, video: .mebibytes(144)))
        #expect(shown == small + .mebibytes(144))
    }

    @Test func `its parts can be set, and the older key is one figure for all`() throws {
        #expect(try overhead("") == DomainOverhead())
        #expect(
            try overhead("overhead: {fixed: 64MiB, memory: 1.5 %, perVCPU: 16MiB}")
                == DomainOverhead(
                    fixed: .mebibytes(64), memoryShare: 150, perVCPU: .mebibytes(16)))
        let one = try overhead("perDomainOverhead: 256MiB")
        #expect(one == .mebibytes(256))
        #expect(
            one.size(of: facts(.gibibytes(512), vcpus: 64, video: .gibibytes(1)))
                == .mebibytes(256))
        #expect(throws: PolicyError.self) {
            try overhead("perDomainOverhead: 256MiB\noverhead: {fixed: 1MiB}")
        }
        #expect(throws: PolicyError.self) { try overhead("overhead: {perVCPU: 2GiB}") }
    }

    @Test func `what is not in huge pages is ordinary memory`() {
        var policy = Policy.default
        policy.perDomainOverhead = .zero
        var guest = facts(.gibibytes(4), vcpus: 1)
        guest.hugePages = HugePageDemand(pageSize: .gibibytes(1), pages: 3)
        #expect(policy.memoryDemand(of: guest) == .gibibytes(1))
        guest.hugePages?.pages = 5
        #expect(policy.memoryDemand(of: guest) == .zero)
    }

    @Test func `nothing overflows`() {
        let most = DomainOverhead(
            fixed: .gibibytes(1024), memoryShare: 10_000, perVCPU: .gibibytes(1))
        let size = most.size(of: facts(Plausible.memory, vcpus: Plausible.cpus))
        #expect(size.count > 0 && size < Plausible.memoryOfAll)
    }
}
