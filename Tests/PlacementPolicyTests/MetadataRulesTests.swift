import ClusterModel
import PlacementPolicy
import Testing

/// Metadata is written by whoever may edit a domain: a policy can say whose counts.
struct MetadataRulesTests {
    private static let uuid = "4dea22b3-1d52-d8f3-2516-782e98ab3fa0"

    private func world() -> ClusterSnapshot {
        let facts = [("tenant", Self.uuid), ("ours", "00000000-0000-4000-8000-000000000001")].map {
            DomainFacts(
                id: DomainID($1), name: $0, memory: .gibibytes(1), affinityGroups: ["shop"],
                antiAffinityGroups: ["web"], isPinned: true, isExcluded: true)
        }
        return ClusterSnapshot(
            observedAt: Timestamp(seconds: 0), hosts: [Host(name: "a")],
            domains: facts.map { Domain(facts: $0, host: "a", demand: .unknown) })
    }

    /// Names of the domains whose metadata counts under this.
    private func counting(_ metadata: String) throws -> [String] {
        let policy = try Policy(yaml: "name: p\nmetadata: \(metadata)\n")
        let seen = policy.trusted(world())
        #expect(policy.trusted(seen) == seen)
        for domain in seen.domains {
            let facts = domain.facts
            let isIgnored = !facts.isPinned
            #expect(facts.isExcluded != isIgnored)
            #expect(facts.affinityGroups.isEmpty == isIgnored)
            #expect(facts.antiAffinityGroups.isEmpty == isIgnored)
            #expect(
                facts.cautions
                    == (isIgnored
                        ? [
                            "policy 'p' ignores its metadata: affinity group 'shop', "
                                + "anti-affinity group 'web', pinned, excluded"
                        ] : []))
        }
        return seen.domains.filter(\.facts.isPinned).map(\.name)
    }

    @Test func theDefaultIsToTrust() throws {
        #expect(Policy.default.trusted(world()) == world())
        #expect(try counting("{default: trust}") == ["ours", "tenant"])
    }

    @Test func whatIsIgnoredCountsForNothing() throws {
        #expect(try counting("{default: ignore}").isEmpty)
        #expect(try counting("{ignore: [ten*]}") == ["ours"])
        #expect(try counting("{ignore: [\(Self.uuid.uppercased())]}") == ["ours"])
        #expect(try counting("{default: ignore, trust: [\(Self.uuid)]}") == ["tenant"])
        #expect(try counting("{trust: ['*'], ignore: [tenant]}") == ["ours"])
    }

    @Test func anotherWordIsRefused() {
        #expect(throws: PolicyError.self) {
            try Policy(yaml: "name: p\nmetadata: {default: maybe}\n")
        }
        #expect(throws: PolicyError.self) { try Policy(yaml: "name: p\nmetadata: ignore\n") }
    }
}
