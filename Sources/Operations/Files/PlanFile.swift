package import ClusterModel
package import PlacementPolicy

/// A saved plan, which anyone may have edited: what the judge takes for granted is looked at here.
package enum PlanFile {
    /// Reads a plan that is to be carried out.
    package static func read(_ path: String, for fleet: Fleet) throws -> MigrationPlan {
        let plan = try read(path)
        let faults = faults(of: plan, in: fleet)
        guard faults.isEmpty else {
            throw CommandError(
                "\(path) is not a plan that may be run, nothing was done:"
                    + OutsideText.lines(faults)
                    + "\nDo not edit plans: make one with 'kvmbalance plan … --save'",
                exit: .failed)
        }
        return plan
    }

    /// Reads a plan to look at.
    package static func read(_ path: String) throws -> MigrationPlan {
        try JSON.read(
            MigrationPlan.self, "a plan that 'kvmbalance plan … --save' wrote", from: path)
    }

    package static func faults(of plan: MigrationPlan, in fleet: Fleet) -> [String] {
        header(plan, fleet) + wishes(plan, fleet) + numbers(plan)
            + plan.steps.flatMap { faults(of: $0) }
            + (plan.kind == .return ? homecoming(plan) : [])
    }

    private static func header(_ plan: MigrationPlan, _ fleet: Fleet) -> [String] {
        var faults: [String] = []
        switch plan.kind {
        case .drain, .return, .consolidate: break
        case .balance, .move:
            return plan.hosts.isEmpty
                ? [] : ["its kind is '\(plan.kind.rawValue)', yet it names hosts"]
        case .rollback:
            faults.append(
                "its kind is '\(plan.kind.rawValue)': only drain, move, return, balance and "
                    + "consolidate can be applied")
        }
        if plan.hosts.isEmpty { faults.append("it names no host to \(plan.kind.rawValue)") }
        let known = Set(fleet.hosts.map(\.name))
        for host in plan.hosts where !known.contains(host) {
            faults.append("there is no host '\(host)' in the fleet file")
        }
        return faults
    }

    private static func wishes(_ plan: MigrationPlan, _ fleet: Fleet) -> [String] {
        let wishes = plan.wishes
        var faults: [String] = []
        switch plan.kind {
        case .move where wishes.moves.isEmpty: faults.append("it names no domain to move")
        case .move where !wishes.except.isEmpty: faults.append("a move leaves out no domain")
        case .drain where !wishes.moves.isEmpty: faults.append("a drain names no domain to move")
        case .return, .balance, .consolidate, .rollback:
            if !wishes.isEmpty { faults.append("a \(plan.kind.rawValue) has no wishes") }
        case .move, .drain: break
        }
        let known = Set(fleet.hosts.map(\.name))
        for host in wishes.to + wishes.notTo where !known.contains(host) {
            faults.append("there is no host '\(host)' in the fleet file")
        }
        return faults
    }

    private static func numbers(_ plan: MigrationPlan) -> [String] {
        let options = plan.options
        let values: [(String, Int?, ClosedRange<Int>)] = [
            ("limits.perHost", plan.limits.perHost, MigrationRange.perHost),
            ("limits.fleet", plan.limits.fleet, MigrationRange.fleet),
            ("options.parallel", options.parallel, MigrationRange.parallel),
            ("options.bandwidth", options.bandwidth, MigrationRange.bandwidth),
            ("options.timeoutSeconds", options.timeoutSeconds, MigrationRange.timeout),
            ("options.attempts", options.attempts, MigrationRange.attempts),
            ("options.shutdownSeconds", options.shutdownSeconds, MigrationRange.shutdown),
            ("options.postcopyBandwidth", options.postcopyBandwidth, MigrationRange.bandwidth),
            ("options.maxBandwidth", options.maxBandwidth, MigrationRange.bandwidth),
            (
                "options.maxDowntimeMilliseconds",
                options.maxDowntimeMilliseconds.map { Int($0) }, MigrationRange.downtime
            ),
            (
                "options.compression.threads", options.compression?.threads,
                MigrationRange.parallel
            ),
            (
                "options.compression.decompressionThreads",
                options.compression?.decompressionThreads, MigrationRange.parallel
            ),
            ("options.compression.level", options.compression?.level, 0...9),
        ]
        let broken = MigrationRules.broken(by: options).map { $0.text(in: .commandLine) }
        return broken
            + values.compactMap { name, value, range in
                guard let value, !range.contains(value) else { return nil }
                return "\(name) is \(value), not \(range.lowerBound) to \(range.upperBound)"
            }
    }

    private static func faults(of step: Step) -> [String] {
        var faults: [String] = []
        let estimate = step.estimate
        if !(1...1_000_000).contains(step.id.rawValue) {
            faults.append("step \(step.id): its number is not 1 to 1000000")
        }
        if !(0...86_400_000).contains(estimate.downtimeMilliseconds)
            || !(0...(1 << 60)).contains(estimate.transferred.count)
        {
            faults.append("step \(step.id): its estimate is impossible")
        }
        return faults
    }

    /// A return brings every domain it touches to one of its hosts.
    private static func homecoming(_ plan: MigrationPlan) -> [String] {
        let last = Dictionary(plan.steps.map { ($0.move.domain, $0) }) { _, later in later }
        return last.values.sorted { $0.id < $1.id }
            .filter { !plan.hosts.contains($0.move.target) }
            .map {
                "step \($0.id): a return moves '\($0.domainName)' to \($0.move.target), which is "
                    + "not one of its hosts"
            }
    }
}
