package import ClusterModel

/// Faults drawn by lot, each from the loss points of the protocol and the ways of people.
extension ScheduledFault {
    /// `count` faults within `span` milliseconds, most of them tied to a phase of a migration: by the
    /// clock alone one would hardly ever hit the few milliseconds that matter.
    package static func random(
        _ count: Int, in world: SimulatedWorld, moves: [Move], spanMilliseconds span: Int64,
        random: inout SeededGenerator
    ) -> [ScheduledFault] {
        let domains = world.hosts.flatMap { $0.domains.map(\.id) }
        return (0..<count).compactMap { _ in
            let move = random.pick(moves)
            let ends = move.map { [$0.source, $0.target] } ?? []
            let nearby = random.chance(60) ? random.pick(ends) : nil
            guard let domain = move?.domain ?? random.pick(domains),
                let host = nearby ?? random.pick(world.hosts.map(\.name))
            else { return nil }
            let fault = fault(domain: domain, host: host, in: world, random: &random)
            guard let phase = random.pick(SimulatedMigration.Phase.allCases),
                random.chance(70)
            else {
                let delay = random.number(in: 0...span)
                return ScheduledFault(
                    .at(world.now.advanced(byMilliseconds: delay)), fault)
            }
            return ScheduledFault(.phase(domain, phase), fault)
        }
    }

    private static func fault(
        domain: DomainID, host: HostName, in world: SimulatedWorld,
        random: inout SeededGenerator
    ) -> SimulatedFault {
        switch random.number(in: 0...99) {
        case 0..<18: .daemonRestart(host, silentMilliseconds: random.number(in: 100...8000))
        case 18..<21: .hostLoss(host)
        case 21..<31: .linkLoss(host, milliseconds: random.number(in: 100...60_000))
        case 31..<36: .slowLink(host, mbps: Int(random.number(in: 5...500)))
        case 36..<46: .connectionLoss(host, milliseconds: random.number(in: 100...20_000))
        case 46..<51: .lostFinish(domain)
        case 51..<61: .lostConfirm(domain)
        case 61..<69: .lostUndefine(domain)
        case 69..<71: .postcopyBreak(domain)
        case 71..<82: .guestShutDown(domain)
        case 82..<87: .guestStarted(domain)
        case 87..<91: .guestPaused(domain)
        default: .movedByAnother(domain, to: random.pick(world.hosts.map(\.name)) ?? host)
        }
    }
}

extension SimulatedWorld {
    /// Everything that was only broken for a while works again, and no more faults wait. What was
    /// lost or torn stays so.
    package mutating func heal() {
        schedule = []
        for index in hosts.indices where !hosts[index].isLost {
            hosts[index].silentUntil = nil
            hosts[index].linkDownUntil = nil
        }
        shareLinks()
    }
}
