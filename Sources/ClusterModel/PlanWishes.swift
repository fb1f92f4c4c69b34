/// What an operator asked of a drain or a move beyond its hosts: whom to move, where to, and whom
/// to leave alone. It is part of the plan, so that a run that goes on keeps to it and the judge can
/// hold the plan to it.
package struct PlanWishes: Hashable, Sendable {
    /// The domains of a move, each with the host that it is to leave.
    package var moves: [NamedDomain]
    /// The only hosts on which domains that were asked to leave may end; none leaves the choice to
    /// the planner. Who makes room for them may go elsewhere.
    package var to: [HostName]
    /// Hosts that nothing is sent to.
    package var notTo: [HostName]
    /// Domains that stay on a drained host, each with that host.
    package var except: [NamedDomain]

    package init(
        moves: [NamedDomain] = [], to: [HostName] = [], notTo: [HostName] = [],
        except: [NamedDomain] = []
    ) {
        self.moves = moves
        self.to = to
        self.notTo = notTo
        self.except = except
    }

    package var isEmpty: Bool { self == PlanWishes() }

    /// Is this what was asked of a domain to be moved, where it is on that host?
    package func isMet(for domain: NamedDomain, on host: HostName) -> Bool {
        to.isEmpty ? host != domain.host : to.contains(host)
    }
}

/// A domain as it was named: its name, and where it was then.
package struct NamedDomain: Hashable, Sendable {
    package var domain: DomainID
    package var name: String
    package var host: HostName

    package init(_ domain: DomainID, name: String, host: HostName) {
        self.domain = domain
        self.name = name
        self.host = host
    }
}

extension PlanWishes: Codable {
    private enum CodingKeys: String, CodingKey {
        case moves, to, except
        case notTo = "not_to"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            moves: try container.decodeIfPresent([NamedDomain].self, forKey: .moves) ?? [],
            to: try container.decodeIfPresent([HostName].self, forKey: .to) ?? [],
            notTo: try container.decodeIfPresent([HostName].self, forKey: .notTo) ?? [],
            except: try container.decodeIfPresent([NamedDomain].self, forKey: .except) ?? [])
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        if !moves.isEmpty { try container.encode(moves, forKey: .moves) }
        if !to.isEmpty { try container.encode(to, forKey: .to) }
        if !notTo.isEmpty { try container.encode(notTo, forKey: .notTo) }
        if !except.isEmpty { try container.encode(except, forKey: .except) }
    }
}

extension NamedDomain: Codable {
    private enum CodingKeys: String, CodingKey {
        case domain = "uuid"
        case name = "domain"
        case host
    }
}
