package import ClusterModel
import PlacementPolicy
import Planning

/// A guest that somebody wants to start, in the operator's words.
package struct GuestWish: Sendable {
    /// A domain that is shut off; nil for a new one.
    package var domain: String?
    /// A domain whose definition the new one takes.
    package var like: String?
    package var name: String?
    package var vcpus: Int?
    package var memory: Bytes?
    package var networks: [String]
    package var bridges: [String]
    package var pool: String?
    package var disk: Bytes?

    package init(
        domain: String? = nil, like: String? = nil, name: String? = nil, vcpus: Int? = nil,
        memory: Bytes? = nil, networks: [String] = [], bridges: [String] = [],
        pool: String? = nil, disk: Bytes? = nil
    ) {
        self.domain = domain
        self.like = like
        self.name = name
        self.vcpus = vcpus
        self.memory = memory
        self.networks = networks
        self.bridges = bridges
        self.pool = pool
        self.disk = disk
    }

    /// What it means in this world.
    func request(in snapshot: ClusterSnapshot) throws -> GuestRequest {
        let names = DomainNames(snapshot)
        var request: GuestRequest
        if let domain {
            request = try existing(try names.only(domain))
        } else if let like {
            request = copy(of: try names.only(like))
        } else {
            guard let vcpus, let memory else {
                throw CommandError(
                    "how large is it? Give --vcpus and --memory, or --like DOMAIN", exit: .usage)
            }
            request = GuestRequest(
                facts: DomainFacts(id: Self.new, name: Self.noName, vcpus: vcpus, memory: memory))
        }
        if let name { request.facts.name = name }
        if let vcpus { request.facts.vcpus = vcpus }
        if let memory { (request.facts.memory, request.facts.balloon) = (memory, nil) }
        if !networks.isEmpty || !bridges.isEmpty {
            request.facts.interfaces =
                networks.map { .network($0) } + bridges.map { .bridge($0) }
        }
        (request.pool, request.disk) = (pool, disk)
        return request
    }

    /// Of no domain.
    private static let new = DomainID("(new)")
    private static let noName = "the new guest"

    private func existing(_ domain: Domain) throws -> GuestRequest {
        guard !domain.facts.state.isActive else {
            let word = domain.name.quotedForShell
            throw CommandError(
                "'\(domain.name)' is \(domain.facts.state.rawValue) on \(domain.host) already: to "
                    + "move it, kvmbalance move \(word); for another like it, kvmbalance place "
                    + "--like \(word)")
        }
        guard !domain.facts.hasManagedSave else {
            throw CommandError(
                "the state of '\(domain.name)' is saved on \(domain.host) (managed save), and it "
                    + "can only go on there: virsh start \(domain.name.quotedForShell)")
        }
        var facts = domain.facts
        facts.state = .running
        return GuestRequest(facts: facts, demand: domain.demand, model: domain.host)
    }

    /// Another domain of the same kind: with its own name and its own disks.
    private func copy(of domain: Domain) -> GuestRequest {
        var facts = domain.facts
        (facts.id, facts.name, facts.state) = (Self.new, Self.noName, .running)
        (facts.disks, facts.secrets, facts.consolePorts) = ([], nil, nil)
        (facts.blockers, facts.coldBlockers, facts.cautions) = ([], nil, [])
        (facts.isPinned, facts.isExcluded, facts.manager) = (false, false, nil)
        (facts.otherDefinitions, facts.isPersistent, facts.hasManagedSave) = (nil, true, false)
        // What it was measured at is for its own size.
        let isOfItsSize = vcpus == nil || vcpus == domain.facts.vcpus
        return GuestRequest(
            facts: facts, demand: isOfItsSize ? domain.demand : .unknown, model: domain.host)
    }
}
