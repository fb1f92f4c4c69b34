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
            let isWayBack = subject.plan.kind == .return || subject.plan.kind == .rollback
            let found =
                CheckedModes.faults(of: step, domain, from, to, subject)
                + reasons(domain, from, to, subject.policy, step: step)
                + (isWayBack ? [] : width(domain.facts, from.facts, to.facts, subject.policy))
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
            + NetworkCheck.reasons(domain.facts, from, to, policy, step)
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
            isCold
            ? CPUCheck.model(guest, target) : CPUCheck.reasons(guest, source, target)
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

    /// More virtual CPUs than CPUs, where its own host has more; a way back leads to where that was
    /// so before.
    static func width(
        _ domain: DomainFacts, _ source: HostFacts?, _ target: HostFacts?, _ policy: Policy
    ) -> [String] {
        guard let here = source?.cpu.logicalCPUs, let there = target?.cpu.logicalCPUs,
            domain.state.isActive, domain.vcpus > there, there < here,
            !policy.wideGuests.matches(domain.name)
        else { return [] }
        return ["\(domain.vcpus) virtual CPUs on \(there) CPUs"]
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
