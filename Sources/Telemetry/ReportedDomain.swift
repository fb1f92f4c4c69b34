import ClusterModel

/// A domain as one host reported it.
struct ReportedDomain {
    var facts: DomainFacts
    var host: HostName
    var at: Timestamp
    /// Read now; false when the host could not be read and this is what was known last.
    var isCurrent: Bool
    var isLeaving: Bool
    /// It has a process here that waits for the guest to come: the guest does not run here yet.
    var isArriving: Bool

    var isOwner: Bool { facts.state.isActive && !isArriving }

    /// Smaller is the better claim to own the domain: current before old, a guest that executes
    /// before one that stands still, an active one before a mere definition; then by name, so that
    /// the answer does not depend on order.
    var claim: (Int, Int, HostName) {
        let stillness: Int
        switch facts.state {
        case .running, .blocked: stillness = 0
        case .paused, .shuttingDown, .suspended, .crashed: stillness = 1
        case .shutOff, .unknown: stillness = 2
        }
        // A definition, or a process that waits for the guest, does not outweigh a guest that ran
        // on a host we cannot ask: it probably still does.
        let rank: Int
        if isOwner {
            rank = isCurrent ? 0 : 1
        } else if isCurrent {
            rank = isArriving ? 2 : 3
        } else {
            rank = 4
        }
        return (rank, stillness, host)
    }
}
