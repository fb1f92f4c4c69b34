import ClusterModel
import PlacementPolicy

/// Each step goes in a way that the policy allows for its domain: nothing is copied or shut down
/// that was not named.
enum CheckedModes {
    static func faults(
        of step: Step, _ domain: Domain, _ from: Host, _ to: Host, _ subject: CheckedCase
    ) -> [String] {
        let policy = subject.policy
        let isActive = domain.facts.state.isActive
        var faults: [String] = []
        if step.isShutOff == isActive {
            faults.append("it is \(domain.facts.state.rawValue), and the step says otherwise")
        }
        if step.mode != .offline { faults += compression(from, to, policy) }
        switch step.mode {
        case .live:
            if !isActive { faults.append("it does not run and is to move live") }
            if !step.copies.isEmpty { faults.append("a plain live move copies no disks") }
            faults += domain.facts.blockers.map(\.detail)
        case .storage:
            if !isActive { faults.append("it does not run and is to move live") }
            let isWhole = isNamed(domain.name, policy.migration.copyStorageAll)
            if !isWhole, !mayCopyTopLayer(domain.name, policy) {
                faults.append("the policy does not let its disks be copied")
            } else if step.copiesTopLayer == isWhole {
                faults.append(
                    "its disks are to be copied \(isWhole ? "whole" : "above their base")")
            }
            if step.copies.isEmpty { faults.append("it names no disk to copy") }
            faults += domain.facts.blockers.map(\.detail)
        case .offline:
            if !mayBeCold(domain, subject) {
                faults.append("the policy does not let it be moved cold")
            }
            if !domain.facts.isPersistent { faults.append("a transient domain cannot move cold") }
            // What is under a copied disk is not copied: the step must know, and compare it.
            let bases = domain.facts.disks.compactMap(\.overlay).filter(step.copies.contains)
            if step.copiesTopLayer == bases.isEmpty {
                faults.append(
                    step.copiesTopLayer
                        ? "none of its disks lies over a base image"
                        : "\(bases[0]) lies over a base image and is to be copied without it")
            }
            if step.copiesTopLayer, !mayCopyTopLayer(domain.name, policy) {
                faults.append("the policy does not let its disks be copied above their base")
            }
            faults += (domain.facts.coldBlockers ?? []).map(\.detail)
            faults += (domain.facts.otherDefinitions ?? []).map { "\($0) could start it too" }
        // Judged by `InPlaceCheck`.
        case .shutdown, .save, .start, .restore: faults.append("it does not move")
        }
        return faults
    }

    /// QEMU 9.1 took its compression threads out.
    private static func compression(_ from: Host, _ to: Host, _ policy: Policy) -> [String] {
        guard policy.migration.compression?.method == .multithreaded else { return [] }
        return [from, to].filter { ($0.facts?.hypervisorVersion ?? 0) >= 9_001_000 }
            .map { "\($0.name) has no compression threads" }
    }

    static func mayBeCold(_ domain: Domain, _ subject: CheckedCase) -> Bool {
        isNamed(domain.name, subject.policy.migration.offline)
            || InPlaceCheck.mayBeCold(domain, subject)
    }

    static func mayCopyTopLayer(_ name: String, _ policy: Policy) -> Bool {
        isNamed(name, policy.migration.copyStorageInc)
    }

    /// Shut off, with a definition, without a saved state, and named.
    static func mayMoveAsDefinition(_ facts: DomainFacts, _ policy: Policy) -> Bool {
        facts.state == .shutOff && facts.isPersistent && !facts.hasManagedSave
            && isNamed(facts.name, policy.migration.offline)
    }

    /// Bytes that the steps of each domain copy, by the pool they lie in.
    static func copied(_ subject: CheckedCase) -> [DomainID: [String: Int64]] {
        var copied: [DomainID: [String: Int64]] = [:]
        for step in subject.plan.steps where copied[step.move.domain] == nil {
            guard let domain = subject.domains[step.move.domain],
                let host = subject.hosts[step.move.source]
            else { continue }
            for disk in domain.facts.disks where step.copies.contains(disk.target) {
                guard let pool = StorageCheck.pool(of: disk, host) else { continue }
                let bytes = disk.allocation ?? disk.capacity ?? .zero
                copied[domain.id, default: [:]][pool.name, default: 0] += bytes.count
            }
        }
        return copied
    }

    private static func isNamed(_ name: String, _ patterns: [String]?) -> Bool {
        (patterns ?? []).map { NamePattern($0) }.matches(name)
    }
}

extension StorageCheck {
    /// The pool of this host that a disk's bytes lie in.
    static func pool(of disk: Disk, _ host: Host) -> StoragePool? {
        switch disk.source {
        case .file(let path): pool(at: path, host)
        case .volume(let name, _): host.facts?.pools.first { $0.name == name }
        case .none, .block, .network, .other: nil
        }
    }
}
