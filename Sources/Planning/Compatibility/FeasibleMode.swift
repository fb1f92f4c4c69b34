import ClusterModel
import PlacementPolicy

/// The migration mode in which a domain can go from one host to another, or why it cannot.
enum FeasibleMode {
    case mode(Step.Mode)
    case none(Misfit)

    var isFeasible: Bool {
        switch self {
        case .mode: true
        case .none: false
        }
    }

    /// The mildest way that the policy allows: live, then live with copied disks, then cold; a
    /// domain that is to move cold always does.
    static func of(
        _ domain: DomainProfile, from source: HostProfile, to target: HostProfile
    ) -> FeasibleMode {
        if domain.cold == .always || domain.needsCold {
            return cold(domain, source, target).map { .none($0) } ?? .mode(.offline)
        }
        let platform = PlatformFit.misfit(domain, from: source, to: target)
        guard let misfit = platform ?? StorageReach.misfit(domain, from: source, to: target) else {
            return .mode(.live)
        }
        let copy = platform == nil ? domain.copy : nil
        let storage = copy.flatMap { copy in
            StorageReach.misfit(
                domain, from: source, to: target, copying: copy == .all ? .whole : .topLayer)
        }
        if copy != nil, storage == nil { return .mode(.storage) }
        if domain.cold == .whereNeeded, cold(domain, source, target) == nil {
            return .mode(.offline)
        }
        return .none(storage ?? misfit)
    }

    private static func cold(
        _ domain: DomainProfile, _ source: HostProfile, _ target: HostProfile
    ) -> Misfit? {
        PlatformFit.coldMisfit(domain, from: source, to: target)
            ?? StorageReach.misfit(
                domain, from: source, to: target,
                copying: domain.copy == .topLayer ? .files : .whole)
    }
}
