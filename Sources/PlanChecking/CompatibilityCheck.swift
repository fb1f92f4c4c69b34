import ClusterModel
import PlacementPolicy

/// The target can run the guest: machine, CPU, networks, security model, NUMA cells, rules,
/// storage.
enum CompatibilityCheck {
    static func violations(_ subject: CheckedCase) -> [Violation] {
        subject.plan.steps.flatMap { step -> [Violation] in
            guard let domain = subject.domains[step.move.domain],
                let from = subject.hosts[step.move.source], let to = subject.hosts[step.move.target]
            else { return [] }
            let found =
                CheckedModes.faults(of: step, domain, from, to, subject.policy)
                + reasons(domain, from, to, subject.policy, step: step)
            return found.map {
                Violation(
                    .compatibility, step: step.id, host: to.name, "\(domain.name): \($0)")
            }
        }
    }

    /// Why a domain of one host cannot run on another, whatever the load.
    static func reasons(
        _ domain: Domain, _ from: Host, _ to: Host, _ policy: Policy, step: Step? = nil
    ) -> [String] {
        guard let source = from.facts, let target = to.facts else { return [] }
        let isCold = step?.mode == .offline
        return machine(domain.facts, source, target, isCold: isCold)
            + (step.map { OfferCheck.emulator($0, domain.facts.guest, source, target) } ?? [])
            + network(domain.facts, from, to, policy, step)
            + StorageCheck.reasons(domain.facts, from, to, policy, copied: step?.copies ?? [])
            + rules(domain.name, to.name, policy)
    }

    private static func machine(
        _ domain: DomainFacts, _ source: HostFacts, _ target: HostFacts, isCold: Bool
    ) -> [String] {
        var reasons: [String] = []
        let guest = domain.guest
        let support = target.guestSupport.first {
            $0.virtualization == guest.virtualization && $0.architecture == guest.architecture
        }
        if support == nil { reasons.append("\(guest.architecture) is not supported") }
        if let support, let machine = guest.machineType, !support.machineTypes.contains(machine) {
            reasons.append("no machine type \(machine)")
        }
        reasons +=
            isCold ? CPUCheck.model(guest, target) : CPUCheck.reasons(guest, source, target)
        reasons += OfferCheck.reasons(guest, source, target, isCold: isCold)
        if source.securityModel != target.securityModel { reasons.append("security models differ") }
        if domain.usesDefaultPages == true, domain.state.isActive, let pages = domain.hugePages,
            !target.hugePageSizes.allSatisfy({ $0 == pages.pageSize })
        {
            reasons.append("its huge pages have no size, and may be of another there")
        }
        if let numa = domain.numa, numa.isStrict,
            !Set(numa.cells).isSubset(of: target.cells.map(\.id))
        {
            reasons.append("a NUMA cell is missing")
        }
        return reasons
    }

    private static func network(
        _ domain: DomainFacts, _ from: Host, _ to: Host, _ policy: Policy, _ step: Step?
    ) -> [String] {
        guard let target = to.facts else { return [] }
        let sources = Set(domain.interfaces.compactMap(\.source))
        let strange = Set((step?.interfaces ?? [:]).keys).subtracting(sources).sorted()
            .map { "it has no card on \($0)" }
        return strange
            + domain.interfaces.flatMap { interface -> [String] in
                guard let own = interface.source else { return [] }
                let known = policy.interfaces.first { ($0.hosts[from.name] ?? $0.name) == own }
                let name = known.map { $0.hosts[to.name] ?? $0.name } ?? own
                var reasons: [String] = []
                if known == nil,
                    policy.interfaces.contains(where: { ($0.hosts[to.name] ?? $0.name) == own })
                {
                    reasons.append("\(own) is another network there")
                }
                if let step, step.interfaces[own, default: own] != name {
                    reasons.append("\(own) is \(name) there, not \(step.interfaces[own] ?? own)")
                }
                switch interface {
                case .network where !target.networks.contains(name):
                    reasons.append("no network \(name)")
                case .bridge where target.bridges?.contains(name) == false:
                    reasons.append("no bridge \(name)")
                case .network, .bridge, .direct, .other: break
                }
                return reasons
            }
    }

    static func rules(_ domain: String, _ host: HostName, _ policy: Policy) -> [String] {
        let banned = policy.ban.contains {
            $0.domains.matches(domain) && $0.hosts.matches(host.rawValue)
        }
        let fencedOut = policy.fence.contains {
            $0.domains.matches(domain) && !$0.hosts.matches(host.rawValue)
        }
        return (banned ? ["banned from there"] : []) + (fencedOut ? ["fenced in elsewhere"] : [])
    }
}
