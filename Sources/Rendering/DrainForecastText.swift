import ClusterModel
package import Operations

/// What emptying each host would take, as people and programs read it.
package struct DrainForecastText {
    private let forecasts: [DrainForecast]

    package init(_ forecasts: [DrainForecast]) {
        self.forecasts = forecasts.inNaturalOrder(of: \.host.rawValue)
    }

    package var text: String {
        var table = Table("HOST", ">GUESTS", "A DRAIN NOW")
        for forecast in forecasts {
            table.add(forecast.host.rawValue, "\(forecast.guests)", words(forecast.plan))
        }
        return table.text
    }

    private func words(_ plan: MigrationPlan) -> String {
        switch plan.outcome {
        case .nothingToDo: return "nothing to move"
        case .plan:
            let time = Format.duration(milliseconds: plan.makespanMilliseconds)
            return "\(Format.plural(plan.steps.count, "migration")), about \(time)"
        case .infeasible:
            guard let first = plan.blockers.first else { return "not possible" }
            let others = plan.blockers.count - 1
            return "not possible: \(first.domain.map { "\($0): " } ?? "")\(first.detail)"
                + (others > 0 ? " (and \(Format.plural(others, "more blocker")))" : "")
        }
    }

    /// One host for programs.
    package struct Entry: Encodable {
        var host: HostName
        var guests: Int
        var outcome: MigrationPlan.Outcome
        var migrations: Int
        var estimatedMilliseconds: Int64
        var blockers: [Blocker]

        enum CodingKeys: String, CodingKey {
            case host, guests, outcome, migrations, blockers
            case estimatedMilliseconds = "estimated_ms"
        }
    }

    package var entries: [Entry] {
        forecasts.map {
            Entry(
                host: $0.host, guests: $0.guests, outcome: $0.plan.outcome,
                migrations: $0.plan.steps.count,
                estimatedMilliseconds: $0.plan.makespanMilliseconds, blockers: $0.plan.blockers)
        }
    }
}
