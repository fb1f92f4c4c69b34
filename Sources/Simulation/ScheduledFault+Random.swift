package import ClusterModel

/// Faults drawn at random, each from the loss points of the protocol and the ways of people.
extension ScheduledFault {
    /// `count` faults within `span` milliseconds, most of them tied to a phase of a migration: by
    /// the clock alone one would hardly ever hit the few milliseconds that matter.
    package static func random(
        _ count: Int, in world: SimulatedWorld, moves: [Move], spanMilliseconds span: Int64,
        random: inout SplitMix64
    ) -> [ScheduledFault] {
        let domains = world.hosts.flatMap { $0.domains.map(\.id) }
        return (0..<count).compactMap { _ in
            let move = random.pick(moves)
            let ends = move.map { [$0.source, $0.target] } ?? []
            let nearby = random.chance(60) ? random.pick(ends) : nil
            guard let domain = move?.domain ?? random.pick(domains),
                let host = nearby ?? random.pick(world.hosts.map(\.name))
            else { return nil }
            let fault =
                random.chance(3)
                ? .movedCarelessly(domain, to: move?.target ?? host)
                : fault(domain: domain, host: host, in: world, random: &random)
            if random.chance(15) { return ScheduledFault(.ended(domain), fault) }
            guard let phase = random.pick(phases),
                random.chance(70)
            else {
                let delay = random.number(in: 0...span)
                return ScheduledFault(
                    .at(world.now.advanced(byMilliseconds: delay)), fault)
            }
            return ScheduledFault(.phase(domain, phase), fault)
        }
    }

    /// What is cut is struck enough.
    private static let phases = SimulatedMigration.Phase.allCases.filter { $0 != .postcopyCut }

    private static func fault(
        domain: DomainID, host: HostName, in world: SimulatedWorld,
        random: inout SplitMix64
    ) -> SimulatedFault {
        switch random.number(in: 0...99) {
        case 0..<14: .daemonRestart(host, silentMilliseconds: random.number(in: 100...8000))
        case 14..<16: .hostLoss(host)
        case 16..<20: .hostReboot(host, downMilliseconds: random.number(in: 1000...200_000))
        case 20..<28: .linkLoss(host, milliseconds: span(.seconds(60), random: &random))
        case 28..<32: .slowLink(host, mbps: Int(random.number(in: 5...500)))
        case 32..<40: .connectionLoss(host, milliseconds: span(.seconds(20), random: &random))
        case 40..<44: .peerLoss(host, milliseconds: span(.seconds(90), random: &random))
        case 44..<48: .stuckMonitor(domain, milliseconds: span(.seconds(400), random: &random))
        case 48..<53: .lostFinish(domain)
        case 53..<62: .lostConfirm(domain)
        case 62..<66: .lostUndefine(domain)
        case 66..<69: .killedInFinish(domain)
        case 69..<71: .postcopyBreak(domain)
        case 71..<79: .guestShutDown(domain)
        case 79..<83: .guestStarted(domain)
        case 83..<86: .guestPaused(domain)
        case 86..<88: .guestResumed(domain)
        case 88..<91: .guestBusy(domain, dirtyRate: .mebibytes(random.number(in: 0...4000)))
        case 91..<93: .abortedByAnother(domain)
        default: .movedByAnother(domain, to: random.pick(world.hosts.map(\.name)) ?? host)
        }
    }

    /// Mostly within the usual, now and then for longer than anybody waits.
    private static func span(_ usual: Duration, random: inout SplitMix64) -> Int64 {
        let longest = usual.components.seconds * 1000
        return random.chance(8) ? 90_000_000 : random.number(in: 100...longest)
    }
}

extension SimulatedWorld {
    /// Everything that was only broken for a while works again, and no more faults wait. What was
    /// lost or torn stays so.
    package mutating func heal() {
        schedule = []
        closed = []
        otherJobs = nil
        if hasTruth { know { $0.startFaults = [] } }
        for index in migrations.indices { migrations[index].stuckUntil = nil }
        for index in hosts.indices where !hosts[index].isLost {
            hosts[index].silentUntil = nil
            hosts[index].linkDownUntil = nil
            hosts[index].unreachableUntil = nil
            hosts[index].misleadsUntil = nil
            hosts[index].peersCutUntil = nil
            hosts[index].freeMonitors()
        }
        for index in hosts.indices where hosts[index].rebootsAt != nil { reboot(index) }
        shareLinks()
    }
}
