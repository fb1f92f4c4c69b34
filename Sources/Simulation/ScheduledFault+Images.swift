package import ClusterModel

/// Faults drawn at random that only matter where something moves cold or with its images.
extension ScheduledFault {
    /// `count` faults around the moves of a plan: guests that do not obey, places that are taken,
    /// hosts that go away while a guest is down; with `cutsPower` they lose their page cache too.
    package static func randomForImages(
        _ count: Int, in world: SimulatedWorld, moves: [Move], spanMilliseconds span: Int64,
        cutsPower: Bool = false, random: inout SplitMix64
    ) -> [ScheduledFault] {
        (0..<count).compactMap { _ in
            guard let move = random.pick(moves),
                let copy = world.copy(of: move.domain, on: move.source)
            else { return nil }
            let trigger = trigger(for: move.domain, in: world, span, random: &random)
            return switch random.number(in: 0...99) {
            case 0..<16:
                ScheduledFault(
                    .at(world.now),
                    .guestLate(move.domain, milliseconds: random.number(in: 2000...400_000)))
            case 16..<22: ScheduledFault(.at(world.now), .guestDeaf(move.domain))
            case 22..<36:
                ScheduledFault(
                    .at(world.now),
                    .startFails(
                        move.domain, on: random.chance(80) ? move.target : move.source))
            case 36..<54: foreignFile(copy, move, trigger, in: world, random: &random)
            case 54..<62: ScheduledFault(trigger, .guestStarted(move.domain))
            case 62..<80: ScheduledFault(trigger, hostFault(move, cutsPower, random: &random))
            case 80..<86: ScheduledFault(trigger, .guestPaused(move.domain))
            default: silentBystander(of: moves, in: world, random: &random)
            }
        }
    }

    private static func trigger(
        for domain: DomainID, in world: SimulatedWorld, _ span: Int64,
        random: inout SplitMix64
    ) -> Trigger {
        switch random.number(in: 0...9) {
        case 0..<3: .asked(domain)
        case 3..<6: .down(domain)
        case 6..<8: .copying(domain)
        default: .at(world.now.advanced(byMilliseconds: random.number(in: 0...span)))
        }
    }

    /// In the place where an image of the domain would be made.
    private static func foreignFile(
        _ copy: SimulatedDomain, _ move: Move, _ trigger: Trigger, in world: SimulatedWorld,
        random: inout SplitMix64
    ) -> ScheduledFault? {
        let paths = world.host(move.source)?.ownFiles(of: copy).map(\.path) ?? []
        let soon = world.now.advanced(byMilliseconds: random.number(in: 0...3000))
        let moment = random.chance(40) ? Trigger.at(soon) : trigger
        return random.pick(paths).map {
            ScheduledFault(moment, .foreignFile(move.target, path: $0))
        }
    }

    private static func hostFault(
        _ move: Move, _ cutsPower: Bool, random: inout SplitMix64
    ) -> SimulatedFault {
        let host = random.chance(50) ? move.source : move.target
        return switch random.number(in: 0...5) {
        case 0: .hostLoss(host)
        case 1:
            outage(of: host, cutsPower, milliseconds: random.number(in: 1000...60_000))
        case 2: .linkLoss(host, milliseconds: random.number(in: 100...60_000))
        case 3: .connectionLoss(host, milliseconds: random.number(in: 100...60_000))
        default: .daemonRestart(host, silentMilliseconds: random.number(in: 100...8000))
        }
    }

    private static func outage(
        of host: HostName, _ cutsPower: Bool, milliseconds: Int64
    ) -> SimulatedFault {
        cutsPower
            // No host is back sooner.
            ? .powerCut(host, downMilliseconds: 15_000 + milliseconds)
            : .hostReboot(host, downMilliseconds: milliseconds)
    }

    /// A host that has nothing to do with the plan, and does not answer as long as it lasts.
    private static func silentBystander(
        of moves: [Move], in world: SimulatedWorld, random: inout SplitMix64
    ) -> ScheduledFault? {
        let busy = Set(moves.flatMap { [$0.source, $0.target] })
        return random.pick(world.hosts.map(\.name).filter { !busy.contains($0) }).map {
            ScheduledFault(.at(world.now), .connectionLoss($0, milliseconds: 90_000_000))
        }
    }
}
