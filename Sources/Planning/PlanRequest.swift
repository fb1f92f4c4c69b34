package import ClusterModel

/// What the planner is asked for.
package struct PlanRequest: Hashable, Sendable {
    /// The intention behind the request.
    package enum Goal: Hashable, Sendable {
        /// Empty these hosts of their running domains. With `bestEffort`, those that can leave do,
        /// and the others are listed.
        case drain([HostName], bestEffort: Bool)
        /// Take the domains of the request's wishes away from their hosts.
        case move(bestEffort: Bool)
        /// Bring these domains home.
        case `return`([ReturnMove], bestEffort: Bool)
        /// Carry out these moves, whatever their order: the target of each is given. For a rollback
        /// that is planned and checked like any other change.
        case moves([Move], bestEffort: Bool)
        /// Relieve hosts that hold too much, then even out the load, with at most this many moves;
        /// nil leaves that to the policy.
        case balance(maxMoves: Int?)
        /// Run the fleet on as few hosts as possible. `only` names the hosts that may be emptied;
        /// nil leaves that to the policy.
        case consolidate(only: [HostName]?)
    }

    package var goal: Goal
    /// Pairs that must not be planned, for example because that migration failed before.
    package var forbidden: [ForbiddenTarget]
    /// Domains that must stay where they are, beside those that the policy or their metadata pins.
    package var pinned: [DomainID]
    /// What a drain or a move is asked for beyond its goal.
    package var wishes: PlanWishes
    /// Of a return or a rollback: guests that were stopped where they were, to be started there.
    package var starts: [StoppedGuest] = []
    /// Of a drain that goes on: guests that it has stopped, which are none of its business any
    /// more.
    package var stopped: [DomainID] = []

    package init(
        _ goal: Goal, forbidden: [ForbiddenTarget] = [], pinned: [DomainID] = [],
        wishes: PlanWishes = PlanWishes()
    ) {
        self.goal = goal
        self.forbidden = forbidden
        self.pinned = pinned
        self.wishes = wishes
    }

    package static func drain(
        _ hosts: [HostName], wishes: PlanWishes = PlanWishes(), bestEffort: Bool = false
    ) -> PlanRequest {
        PlanRequest(.drain(hosts, bestEffort: bestEffort), wishes: wishes)
    }
    package static func move(_ wishes: PlanWishes, bestEffort: Bool = false) -> PlanRequest {
        PlanRequest(.move(bestEffort: bestEffort), wishes: wishes)
    }
    package static func `return`(
        _ domains: [ReturnMove], bestEffort: Bool = false
    ) -> PlanRequest {
        PlanRequest(.return(domains, bestEffort: bestEffort))
    }
    package static func moves(_ moves: [Move], bestEffort: Bool = false) -> PlanRequest {
        PlanRequest(.moves(moves, bestEffort: bestEffort))
    }
    package static func balance(maxMoves: Int? = nil) -> PlanRequest {
        PlanRequest(.balance(maxMoves: maxMoves))
    }
    package static func consolidate(only hosts: [HostName]? = nil) -> PlanRequest {
        PlanRequest(.consolidate(only: hosts))
    }
}

/// A domain that a drain took away, and where it belongs.
package struct ReturnMove: Hashable, Sendable {
    package var domain: DomainID
    package var home: HostName
    /// Where the drain put it: if it is elsewhere by now, someone else moved it, and it stays
    /// there. nil brings it home from wherever it is.
    package var displacedAt: HostName?

    package init(_ domain: DomainID, home: HostName, displacedAt: HostName? = nil) {
        self.domain = domain
        self.home = home
        self.displacedAt = displacedAt
    }
}

/// A target that is out of the question for a domain.
package struct ForbiddenTarget: Hashable, Sendable {
    package var domain: DomainID
    package var host: HostName

    package init(_ domain: DomainID, _ host: HostName) {
        self.domain = domain
        self.host = host
    }
}
