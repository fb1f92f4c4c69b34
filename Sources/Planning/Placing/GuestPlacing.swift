import ClusterModel
import PlacementPolicy

/// Ranks the hosts for a guest that is to be started: those that have room for it and break no
/// rule, the least loaded first. Moves nothing to make room. O(hosts), with `nPlusOne` O(hosts²).
struct GuestPlacing {
    let request: GuestRequest
    let world: ClusterSnapshot
    let problem: PlacementProblem
    private let compatibility: Compatibility
    let guest: Int
    /// Everybody but the guest.
    let placement: WorkingPlacement
    /// Which hosts' failures the others could not make good before it starts, and by how much.
    let spare: (room: SpareRoom, before: [Int: Int64])?

    /// The guest waits on a made-up host, which nobody can reach. No fleet file can name one so.
    static let waiting = HostName("(not started)")

    init(_ request: GuestRequest, in snapshot: ClusterSnapshot, under given: Policy) {
        self.request = request
        var policy = given
        // It starts, as after a cold migration: with the CPU that it finds.
        policy.migration.offline = [request.facts.name]
        policy.migration.prefersLive = false
        let waiting = Host(name: Self.waiting, fault: "no guest can be sent there")
        let own = Domain(facts: request.facts, host: Self.waiting, demand: request.demand)
        let world = ClusterSnapshot(
            observedAt: snapshot.observedAt, hosts: snapshot.hosts + [waiting],
            domains: snapshot.domains.filter { $0.id != own.id } + [own],
            inFlight: snapshot.inFlight, demandSlots: snapshot.demandSlots)
        self.world = world
        let problem = PlacementProblem(world, under: policy)
        guard let guest = problem.domainIndex[request.facts.id] else {
            preconditionFailure("\(request.facts.name) is not in its own problem")
        }
        self.problem = problem
        self.guest = guest
        compatibility = Compatibility(problem)
        var placement = WorkingPlacement(problem)
        placement.remove(guest)
        self.placement = placement
        guard policy.nPlusOne != .off else {
            spare = nil
            return
        }
        let room = SpareRoom(problem)
        spare = (room, room.measure(WorkingPlacement(problem)))
    }

    /// Whether the failure of each host can still be made good is asked of this many hosts, the
    /// least loaded first: each takes a look at the whole fleet.
    private static let spareLooksAtMost = 20

    func result() -> GuestPlacement {
        var result = GuestPlacement(guest: request.facts, choices: [], blockers: [])
        for host in problem.hosts.indices where problem.hosts[host].name != Self.waiting {
            if let blocker = blocker(at: host) {
                result.blockers.append(blocker)
            } else {
                result.choices.append(choice(host))
            }
        }
        result.choices.sort {
            ($0.isSplit ? 1 : 0, $0.share, $0.host) < ($1.isSplit ? 1 : 0, $1.share, $1.host)
        }
        keepSpareRoom(&result)
        result.blockers.sort { ($0.host ?? "") < ($1.host ?? "") }
        return result
    }

    private func keepSpareRoom(_ result: inout GuestPlacement) {
        guard let spare else { return }
        let ranked = result.choices
        result.choices = []
        for (rank, choice) in ranked.enumerated() {
            guard let host = problem.hostIndex[choice.host] else { continue }
            guard rank < Self.spareLooksAtMost else {
                result.blockers.append(
                    blocker(
                        host, .nPlusOne,
                        "not looked at, as \(Self.spareLooksAtMost) hosts are less loaded",
                        remedy: "set 'nPlusOne: off' in the policy to see all hosts"))
                continue
            }
            if let blocker = spareRoom(spare, host) {
                result.blockers.append(blocker)
            } else {
                result.choices.append(choice)
            }
        }
    }

    private func choice(_ host: Int) -> GuestPlacement.Choice {
        func share(_ resource: Int) -> Int64 {
            let index = host * problem.width + resource
            return WorkingPlacement.share(
                placement.load[index] + problem.load(of: guest, resource),
                of: problem.capacity[index])
        }
        return GuestPlacement.Choice(
            host: problem.hosts[host].name, memoryShare: share(ResourceLayout.memory),
            cpuShare: problem.layout.cpu.map(share).max() ?? 0,
            isSplit: problem.isSplit(guest, on: host))
    }

    // MARK: What stands against a host

    func blocker(at host: Int) -> Blocker? {
        let model = request.model.flatMap { problem.hostIndex[$0] } ?? host
        return compatibility.startBlocker(guest, modelled: model, on: host)
            ?? width(host) ?? pool(host) ?? room(host) ?? group(host)
    }

    private func blocker(
        _ host: Int, _ reason: Blocker.Reason, _ detail: String, remedy: String
    ) -> Blocker {
        Blocker(
            domain: request.facts.name, host: problem.hosts[host].name, reason: reason,
            detail: detail, remedy: remedy)
    }

    /// More virtual CPUs than the host has CPUs hold each other's locks while they wait for one.
    private func width(_ host: Int) -> Blocker? {
        let vcpus = request.facts.vcpus
        guard let cpus = problem.hosts[host].facts?.cpu.logicalCPUs, vcpus > cpus,
            !problem.policy.wideGuests.matches(request.facts.name)
        else { return nil }
        return blocker(
            host, .cpu, "it has \(vcpus) virtual CPUs, and the host has \(cpus)",
            remedy: "give it at most \(cpus), or name it under wideGuests in the policy")
    }

    private func pool(_ host: Int) -> Blocker? {
        guard let name = request.pool else { return nil }
        let facts = problem.hosts[host].facts
        guard let pool = facts?.pools.first(where: { $0.name == name }) else {
            let isThere = facts?.inactivePools?.contains { $0.name == name } == true
            return blocker(
                host, .localStorage,
                isThere ? "its pool '\(name)' is not active" : "it has no pool '\(name)'",
                remedy: isThere
                    ? "start it there: virsh pool-start \(name.quotedForShell)"
                    : "define it there: virsh pool-define, or name another with --pool")
        }
        guard let disk = request.disk, let free = pool.available, disk > free else { return nil }
        return blocker(
            host, .localStorage,
            "\(disk - free) short in its pool '\(name)' (\(free) free)",
            remedy: "make room there, or name another pool with --pool")
    }

    private func room(_ host: Int) -> Blocker? {
        // Where its disks are nothing is copied.
        let isHome = request.model == problem.hosts[host].name
        let resources = problem.layout.resources
        guard
            let resource = resources.indices.first(where: {
                let index = host * problem.width + $0
                return !(isHome && resources[$0].isRoom) && problem.load(of: guest, $0) > 0
                    && placement.load[index] + problem.load(of: guest, $0) > problem.limit[index]
            })
        else { return nil }
        let index = host * problem.width + resource
        let free = max(0, problem.capacity[index] - placement.load[index])
        let short = problem.load(of: guest, resource) - free
        let kind = resources[resource]
        return blocker(
            host, kind.blockerReason, "\(kind.text(short)) short (\(kind.text(free)) free)",
            remedy: "free \(kind.text(short)) on \(problem.hosts[host].name)")
    }

    private func group(_ host: Int) -> Blocker? {
        for index in problem.groupsOfDomain[guest] {
            let group = problem.groups[index]
            let others = group.members.filter { $0 != guest }
            let item = problem.item(of: host, in: group.scope)
            let near = others.filter {
                problem.item(of: placement.host[$0], in: group.scope) == item
            }
            let isBroken =
                switch group.kind {
                case .apart: !near.isEmpty
                case .together: !others.isEmpty && near.isEmpty
                }
            guard isBroken else { continue }
            let names = (group.kind == .apart ? near : others).map { problem.domains[$0].name }
                .sorted().joined(separator: ", ")
            let verb = group.kind == .apart ? "keeps it apart from" : "keeps it with"
            return blocker(
                host, group.reason, "\(group.title) \(verb) \(names)",
                remedy: group.wayOut)
        }
        return nil
    }

    private func spareRoom(
        _ spare: (room: SpareRoom, before: [Int: Int64]), _ host: Int
    ) -> Blocker? {
        var after = placement
        after.place(guest, on: host)
        guard let worse = spare.room.worsened(at: Moment(after), since: spare.before).first else {
            return nil
        }
        let blocker = spare.room.blocker(worse, while: "with it on \(problem.hosts[host].name)")
        return self.blocker(host, blocker.reason, blocker.detail, remedy: blocker.remedy)
    }
}
