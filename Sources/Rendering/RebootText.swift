package import ClusterModel
package import Operations

/// A schedule of reboots as people and programs read it.
package struct RebootText {
    let reboot: RollingReboot
    /// The flags of the commands of a round.
    var flags = CommandFlags()
    var width: Int?
    /// Does the policy keep room for the failure of a host meanwhile?
    var isSpare = true
    /// Are the commands of each round shown with it?
    var showsCommands = true

    package init(
        reboot: RollingReboot, flags: CommandFlags = CommandFlags(), width: Int? = nil,
        isSpare: Bool = true
    ) {
        self.reboot = reboot
        self.flags = flags
        self.width = width
        self.isSpare = isSpare
    }

    /// The schedule as JSON; its plans have the fields that every plan has.
    package struct Document: Encodable {
        struct Round: Encodable {
            var round: Int
            var hosts: [HostName]
            var away: MigrationPlan
            var back: MigrationPlan?
            var moves: Int
            var commands: [String]
        }

        var version = 1
        var kind = "rolling-reboot"
        var outcome: MigrationPlan.Outcome
        var origin: MigrationPlan.Origin
        var policy: String
        var seed: UInt64
        var hosts: [HostName]
        var rounds: [Round]
        var moves: Int
        var makespanSeconds: Double
        var bound: [String: Int]
        var blockers: [Blocker]

        private enum CodingKeys: String, CodingKey {
            case version, kind, outcome, origin, policy, seed, hosts, rounds, moves
            case makespanSeconds = "makespan_seconds"
            case bound, blockers
        }
    }

    package var document: Document {
        Document(
            outcome: reboot.outcome, origin: reboot.origin, policy: reboot.policy,
            seed: reboot.seed, hosts: reboot.hosts,
            rounds: reboot.rounds.enumerated().map { index, round in
                Document.Round(
                    round: index + 1, hosts: round.hosts, away: round.away, back: round.back,
                    moves: round.moves, commands: commands(round))
            },
            moves: reboot.moves,
            makespanSeconds: Double(reboot.makespanMilliseconds) / 1000,
            bound: reboot.rounds.isEmpty
                ? [:] : ["rounds": reboot.fewestRounds, "moves": reboot.fewestMoves],
            blockers: reboot.blockers)
    }

    package var text: String {
        var parts = [headline]
        for (index, round) in reboot.rounds.enumerated() { parts.append(text(round, index + 1)) }
        if !isSpare, reboot.rounds.contains(where: { $0.hosts.count > 1 }) {
            parts.append(
                Format.wrapped(
                    "No other host may fail during a round: the policy keeps no room for that "
                        + "(nPlusOne: off). For smaller rounds: rollingReboot.hostsPerRound; "
                        + "policies/rolling-reboot.yaml has both.", indent: 2, width: width))
        }
        if let options { parts.append(Format.wrapped(options, indent: 2, width: width)) }
        if !reboot.blockers.isEmpty { parts.append(reboot.blockers.text(width: width)) }
        return parts.joined(separator: "\n\n")
    }

    /// Of all rounds, which are planned with the same.
    private var options: String? {
        let plans = reboot.rounds.flatMap { [$0.away] + ($0.back.map { [$0] } ?? []) }
        guard var all = plans.first else { return nil }
        all.steps = plans.flatMap(\.steps)
        return PlanOptionsText(plan: all).text
    }

    private var headline: String {
        switch reboot.outcome {
        case .plan:
            let hosts = reboot.rounds.reduce(0) { $0 + $1.hosts.count }
            let duration = Format.duration(milliseconds: reboot.makespanMilliseconds)
            return "Rolling reboot: \(Format.plural(hosts, "host")) in "
                + "\(Format.plural(reboot.rounds.count, "round")) (no schedule has fewer than "
                + "\(reboot.fewestRounds)), \(Format.plural(reboot.moves, "migration")) (none has "
                + "fewer than \(reboot.fewestMoves)), estimated "
                + "\(duration) of moving in all."
        case .nothingToDo: return "Rolling reboot: no host to reboot."
        case .infeasible:
            return "Rolling reboot: infeasible. Add --best-effort to plan without the hosts below."
        }
    }

    private func text(_ round: RollingReboot.Round, _ number: Int) -> String {
        let names = round.hosts.inNaturalOrder.map(\.rawValue).joined(separator: ", ")
        var lines = [Format.wrapped("Round \(number): \(names)", indent: 4, width: width)]
        lines += steps("away", round.away)
        lines += round.back.map { steps("back", $0) } ?? []
        let shown = showsCommands ? commands(round).map { "  $ \($0)" } : []
        return (lines + shown).joined(separator: "\n")
    }

    private func steps(_ word: String, _ plan: MigrationPlan) -> [String] {
        guard !plan.steps.isEmpty else {
            return word == "away" ? ["  nothing runs there"] : []
        }
        let moves = plan.steps.map { "\($0.domainName) \($0.move.source)->\($0.move.target)" }
        return [
            Format.wrapped(
                "  \(word): \(moves.joined(separator: ", "))", indent: 8, width: width)
        ]
            + plan.brokenRules.map { rule in
                Format.wrapped(
                    "  breaks \(rule.title): \(rule.detail)", indent: 8, width: width)
            }
            + plan.blockers.map { blocker in
                let name = blocker.domain ?? blocker.host?.rawValue ?? "the plan"
                return Format.wrapped(
                    "  does not return: \(name): \(blocker.detail)", indent: 8, width: width)
            }
    }

    private func commands(_ round: RollingReboot.Round) -> [String] {
        let hosts = round.hosts.map { $0.rawValue.quotedForShell }.joined(separator: " ")
        let reboot = "# reboot \(hosts), and wait until they are up"
        let to = round.away.wishes.to.map { " --to \($0.rawValue.quotedForShell)" }.joined()
        // Domains that do not return are named above: without this flag none would.
        let lacking = round.back.map { $0.blockers.isEmpty ? "" : " --best-effort" }
        return [
            "kvmbalance drain \(hosts)\(to)\(flags.planning)", reboot,
            "kvmbalance hosts check \(hosts)\(flags.config)",
            lacking.map { "kvmbalance return \(hosts)\($0)\(flags.planning)" }
                ?? "kvmbalance hosts enable \(hosts)\(flags.config)",
        ]
    }
}
