import ClusterModel
package import PlacementPolicy
import Planning

extension FuzzProblem {
    /// The same world asked for something else, so that problems keep their numbers.
    package enum Variation: Hashable, Sendable {
        /// The same request under N+1.
        case spareRoom(NPlusOne)
        /// As few hosts as possible, with rules and N+1 of their own.
        case consolidate
        /// All hosts rebooted in turn.
        case rollingReboot
        /// Some domains moved, or a host drained, with hosts named and domains left out.
        case move, wishes
        /// The same request where the policy's rules are preferred and not required.
        case preferred
    }

    /// What is asked of this problem's world besides its own request; nothing of most.
    package var variation: Variation? {
        switch number % 16 {
        case 3: .spareRoom(.after)
        case 11: .spareRoom(.during)
        case 7, 13: .consolidate
        case 5, 9: snapshot.domains.isEmpty ? nil : .move
        case 1: .wishes
        case 15 where number % 64 == 15: .rollingReboot
        case 2, 6, 10, 14: policy.hasRules ? .preferred : nil
        default: nil
        }
    }

    /// The problem that a variation makes of this one.
    package func varied(_ variation: Variation) -> FuzzProblem {
        var random = SeededGenerator(seed: number &* 0x9e37_79b9_7f4a_7c15)
        var (policy, request) = (self.policy, self.request)
        switch variation {
        case .spareRoom(let rule): policy.nPlusOne = rule
        case .consolidate:
            policy.nPlusOne = [.off, .off, .after, .during][random.int(0...3)]
            policy.consolidate.memoryLimit = Int64(random.int(6...10) * 1000)
            policy.consolidate.cpuLimit = Int64(random.int(6...10) * 1000)
            policy.consolidate.minActive = random.int(1...2)
            policy.consolidate.minEmptied = random.oneIn(5) ? 2 : 1
            if random.oneIn(5) { policy.consolidate.maxMoves = random.int(1...4) }
            if random.oneIn(8) { policy.consolidate.keep = ["host1"] }
            let some = snapshot.hosts.map(\.name).filter { _ in random.oneIn(2) }
            request.goal = .consolidate(only: random.oneIn(6) ? some : nil)
        case .rollingReboot:
            policy.nPlusOne = [.off, .after, .during][random.int(0...2)]
            policy.reboot.bringBack = random.oneIn(2)
            if random.oneIn(4) { policy.reboot.hostsPerRound = random.int(1...2) }
        case .move:
            request.goal = .move(bestEffort: random.oneIn(4))
            request.wishes = wishes(&random)
            let some = snapshot.domains.filter { _ in random.oneIn(3) }
            request.wishes.moves = (some.isEmpty ? snapshot.domains.prefix(1) : some[...]).map {
                NamedDomain($0.id, name: $0.name, host: $0.host)
            }
        case .preferred: policy.prefer { random.int(1...3) }
        case .wishes:
            let busy = snapshot.domains.randomElement(using: &random)?.host ?? "host1"
            request.goal = .drain([busy], bestEffort: random.oneIn(4))
            request.wishes = wishes(&random)
            request.wishes.except = snapshot.domains.filter { $0.host == busy && random.oneIn(4) }
                .map { NamedDomain($0.id, name: $0.name, host: $0.host) }
        }
        return FuzzProblem(
            number: number, snapshot: snapshot, policy: policy, request: request)
    }

    private func wishes(_ random: inout SeededGenerator) -> PlanWishes {
        var wishes = PlanWishes()
        let names = snapshot.hosts.map(\.name)
        if random.oneIn(2) { wishes.to = names.filter { _ in random.oneIn(3) } }
        if random.oneIn(4) {
            wishes.notTo = names.filter { random.oneIn(4) && !wishes.to.contains($0) }
        }
        return wishes
    }
}

extension Policy {
    var hasRules: Bool {
        !affinity.isEmpty || !antiAffinity.isEmpty || !ban.isEmpty || !fence.isEmpty
    }

    fileprivate mutating func prefer(_ weight: () -> Int) {
        for index in affinity.indices { affinity[index].weight = weight() }
        for index in antiAffinity.indices { antiAffinity[index].weight = weight() }
        for index in ban.indices { ban[index].weight = weight() }
        for index in fence.indices { fence[index].weight = weight() }
    }
}
