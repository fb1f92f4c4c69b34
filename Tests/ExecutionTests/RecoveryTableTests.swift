import ClusterModel
import Execution
import Testing

/// The recovery table over everything that two hosts can show.
struct RecoveryTableTests {
    typealias Presence = DomainSighting.Presence

    static let sightings: [DomainSighting] = Presence.allCases.flatMap { presence in
        [false, true].flatMap { persistent in
            [false, true].map { job in
                DomainSighting(presence, isPersistent: persistent, jobActive: job)
            }
        }
    }

    static let pairs = sightings.flatMap { source in sightings.map { (source, $0) } }

    @Test func `every pair matches exactly one row`() {
        for (source, target) in Self.pairs {
            let rows = RecoveryTable.rows.filter { $0.matches(source, target) }
            #expect(rows.count == 1, "\(source) | \(target): \(rows.map(\.label))")
        }
        #expect(Self.pairs.count == 28 * 28)
    }

    @Test func `every row is reached and tells its story`() {
        for row in RecoveryTable.rows {
            #expect(Self.pairs.contains { row.matches($0.0, $0.1) }, "\(row.label)")
            #expect(row.story.hasSuffix("."), "\(row.label)")
        }
        #expect(Set(RecoveryTable.rows.map(\.label)).count == RecoveryTable.rows.count)
    }

    // MARK: What may never be decided

    @Test func `nothing is destroyed unless the target was seen running`() {
        for (source, target) in Self.pairs {
            guard case .settle(.destroyPausedSource) = decide(source, target) else { continue }
            #expect(source.presence == .pausedByMigration && !source.jobActive)
            #expect(target.presence == .running && !target.jobActive)
        }
    }

    @Test func `nothing is resumed that may have run on the target`() {
        for (source, target) in Self.pairs {
            guard case .settle(.resumeSource) = decide(source, target) else { continue }
            #expect(source.presence == .pausedByMigration && source.isPersistent)
            #expect(target.presence == .absent)
        }
    }

    @Test func `post-copy is taken up only where each host has its half`() {
        for (source, target) in Self.pairs {
            guard case .settle(.resumePostcopy) = decide(source, target) else { continue }
            #expect(source.presence == .postcopyFailed && target.presence == .postcopyFailed)
            // Before an intent it is somebody else's.
            #expect(RecoveryTable.verdict(source: source, target: target).verdict == .stopRun)
        }
        // libvirt keeps its job for a migration that failed in post-copy.
        let half = DomainSighting(.postcopyFailed, isPersistent: true, jobActive: true)
        #expect(decide(half, half) == .settle(.resumePostcopy))
    }

    @Test func `the last definition stays`() {
        for (source, target) in Self.pairs {
            guard case .settle(.undefineSource) = decide(source, target) else { continue }
            #expect(source.presence == .inactive && target.isPersistent)
            #expect(target.presence == .running || target.presence == .paused)
        }
    }

    @Test func `a target is undefined only where the guest and its definition are on the source`() {
        for (source, target) in Self.pairs {
            guard case .settle(.undefineTarget) = decide(source, target) else { continue }
            #expect(source.presence == .running || source.presence == .paused)
            #expect(source.isPersistent && target.presence == .inactive)
            // Before an intent it is not ours.
            #expect(
                RecoveryTable.verdict(source: source, target: target).verdict == .avoidTarget)
        }
        #expect(decide(DomainSighting(.running), .inactive) == .stayed)
    }

    @Test func `a host that cannot be asked decides nothing`() {
        for (source, target) in Self.pairs
        where source.presence == .unknown || target.presence == .unknown {
            guard case .lookAgain = decide(source, target) else {
                Issue.record("\(source) | \(target)")
                continue
            }
        }
    }

    @Test func `while a migration is at work nothing is done`() {
        let active: [Presence] = [.running, .paused, .pausedByMigration]
        for (source, target) in Self.pairs {
            let isAtWork =
                (source.jobActive && active.contains(source.presence))
                || (target.jobActive && active.contains(target.presence))
            guard isAtWork else { continue }
            switch decide(source, target) {
            case .wait, .lookAgain, .halt: continue
            case .arrived, .arrivedThenStopped, .stayed, .stopped, .settle:
                Issue.record("\(source) | \(target): \(decide(source, target))")
            }
        }
    }

    @Test func `autostart and words of the hosts decide nothing`() {
        for (source, target) in Self.pairs {
            var noted = source
            noted.autostart = true
            noted.detail = "paused (migration)"
            #expect(decide(noted, target) == decide(source, target))
        }
    }

    // MARK: The whole table, to be read

    /// Source in rows, target in columns; no job at work; persistent wherever it is defined.
    static let expected = """
                      absent   inactive running  by-migr  paused   postcopy unknown
        absent        halt     arrived~ arrived  again    arrived  again    again
        inactive      stopped  halt     undefine again    undefine again    again
        running       stayed   undef-t  halt     again    halt     again    again
        by-migration  resume   halt     destroy  again    again    again    again
        paused        stayed   undef-t  halt     again    halt     again    again
        postcopy      again    again    again    again    again    take-up  again
        unknown       again    again    again    again    again    again    again
        """

    static let order: [Presence] = [
        .absent, .inactive, .running, .pausedByMigration, .paused, .postcopyFailed, .unknown,
    ]

    @Test func `the table reads as printed here`() {
        let lines = Self.expected.split(separator: "\n").dropFirst()
        #expect(lines.count == Self.order.count)
        for (source, line) in zip(Self.order, lines) {
            let words = line.split(separator: " ").dropFirst().map(String.init)
            for (target, word) in zip(Self.order, words) {
                let decision = decide(
                    DomainSighting(source, isPersistent: true),
                    DomainSighting(target, isPersistent: true))
                #expect(decision.word == word, "\(source.rawValue) | \(target.rawValue)")
            }
            #expect(words.count == Self.order.count)
        }
    }

    @Test func `a transient copy left behind proves nothing`() {
        let left = DomainSighting(.pausedByMigration)
        #expect(decide(left, .absent).word == "halt")
        #expect(decide(left, DomainSighting(.running)).word == "destroy")
    }

    @Test func `a guest without a definition where it runs needs a person`() {
        #expect(decide(.inactive, DomainSighting(.running)).word == "halt")
    }

    @Test func `two that run are a split brain only when no job is at work`() {
        #expect(decide(.running, .running).word == "halt")
        #expect(decide(.migrating, .running) == .wait)
    }

    @Test func `an incoming process to which nothing is sent is no migration`() {
        // Seen of libvirt 9.0.0, whose daemon was killed while it started the incoming QEMU: the
        // target has it as starting forever, and the source has no job that could be aborted.
        let ghost = DomainSighting(.pausedByMigration, jobActive: true)
        let source = DomainSighting(.running, isPersistent: true)
        #expect(decide(source, ghost).word == "again")
        #expect(decide(.migrating, ghost) == .wait)
        #expect(decide(DomainSighting(.pausedByMigration, isPersistent: true), ghost) == .wait)
    }

    private func decide(
        _ source: DomainSighting, _ target: DomainSighting
    ) -> RecoveryDecision {
        RecoveryTable.decide(source: source, target: target).decision
    }
}

extension RecoveryDecision {
    /// One word for the printed table.
    fileprivate var word: String {
        switch self {
        case .arrived: "arrived"
        case .arrivedThenStopped: "arrived~"
        case .stayed: "stayed"
        case .stopped: "stopped"
        case .wait: "wait"
        case .lookAgain: "again"
        case .settle(.destroyPausedSource): "destroy"
        case .settle(.resumeSource): "resume"
        case .settle(.resumePostcopy): "take-up"
        case .settle(.undefineSource): "undefine"
        case .settle(.undefineTarget): "undef-t"
        case .settle(.setAutostart): "autostart"
        case .settle(.setSourceAutostart): "autostart on the source"
        case .settle(let other): other.rawValue
        case .halt: "halt"
        }
    }
}
