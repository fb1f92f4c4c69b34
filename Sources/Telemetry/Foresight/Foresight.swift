package import ClusterModel

/// Foresees the demand of the domains of a fleet from the hours that each has behind it, without a
/// setting: the domain's own past says what foresees it, and how well.
///
/// A domain that is known for a day or longer is believed to be as busy at each hour of the day as
/// on the busier of the last two days (95th percentile). A younger one is foreseen by that
/// `YoungMethod` which would have been nearest so far, and strays from it by its error: of many
/// domains some hosts always draw several that stray upwards, so each counts with its share of a
/// host's deviation as well (`Deviation`). Where the errors of the domains rise and fall together,
/// hosts stray by more than independent domains would make them; that is read off the fleet's own
/// hours.
package struct Foresight: Sendable {
    private let end: Timestamp
    private var errors = SharedErrors()

    package init(endingAt end: Timestamp) { self.end = end }

    /// Hours of the day.
    package static let slots = 24
    /// How far back a domain's hours are looked at.
    package static let reach = 2 * slots
    /// The methods are tried this many hours ahead: a move should be right for the next hour, and
    /// still on the next day.
    private static let leads = [1, 3, 6, 12, 24]
    /// What an hour's error counts for an hour later.
    private static let decay = 0.98

    /// How much the domains' errors rise and fall together, 0 to 1; of the domains seen so far.
    package var correlation: Double { errors.correlation }

    /// Takes a domain's hours in order of time, and gives its demand by hours of the day.
    package mutating func demand(of hours: [HourOfUse], newest: Timestamp?) -> Demand {
        let first = HourOfUse.number(of: end) - Int64(Self.reach) + 1
        let recent = hours.drop { $0.number < first }
        guard let oldest = recent.first else { return .unknown }
        var demand = Demand(
            samples: recent.reduce(0) { $0 + $1.samples }, newestSample: newest)
        if end.millisecondsSince(oldest.start) >= Int64(Self.slots) * HourOfUse.milliseconds {
            demand.cpu = Self.byHourOfTheDay(recent)
            return demand
        }
        let young = YoungSeries(recent, endingAt: end)
        let best = young.best(ahead: Self.leads, decay: Self.decay)
        errors.add(young.errors(best.method), of: oldest.number + 1)
        demand.cpu = Array(
            repeating: MilliCPU(Int64(young.guess(best.method, after: nil))), count: Self.slots)
        demand.variance = Array(
            repeating: Int64(best.squaredError + young.varianceWithinHours), count: Self.slots)
        return demand
    }

    /// The worse of the days; an hour without samples has the worst value that is known.
    private static func byHourOfTheDay(_ hours: ArraySlice<HourOfUse>) -> [MilliCPU] {
        var profile = [Int64?](repeating: nil, count: slots)
        for hour in hours {
            let slot = Int(hour.number.flooredDivision(by: Int64(slots)).remainder)
            profile[slot] = max(hour.p95, profile[slot] ?? hour.p95)
        }
        let worst = profile.compactMap(\.self).max() ?? 0
        return profile.map { MilliCPU($0 ?? worst) }
    }
}

/// The methods to foresee a domain that has no day behind it.
enum YoungMethod: CaseIterable {
    /// As in the last two hours; as on average so far; half of each.
    case lastTwoHours, soFar, half
}

/// The hours of a young domain, one place for each hour, those without samples empty.
private struct YoungSeries {
    /// Mean of each hour from the first one on; nil where nothing was measured.
    private let means: [Double?]
    /// Sums of the means before each hour, and how many of them were measured.
    private let sums: [(mean: Double, count: Double)]
    /// How many hours are over; the last one may not be.
    private let complete: Int
    /// Share of the last hour that has passed.
    private let lastWeight: Double
    let varianceWithinHours: Double

    init(_ hours: ArraySlice<HourOfUse>, endingAt end: Timestamp) {
        let (first, last) = (hours.first?.number ?? 0, hours.last?.number ?? 0)
        var means = [Double?](repeating: nil, count: Int(last - first) + 1)
        for hour in hours { means[Int(hour.number - first)] = Double(hour.mean) }
        var sums = [(mean: 0.0, count: 0.0)]
        for (hour, mean) in means.enumerated() {
            sums.append(
                (sums[hour].mean + (mean ?? 0), sums[hour].count + (mean == nil ? 0 : 1)))
        }
        self.means = means
        self.sums = sums
        let passed = end.milliseconds - last * HourOfUse.milliseconds
        lastWeight = min(1, Double(max(1, passed)) / Double(HourOfUse.milliseconds))
        complete = lastWeight < 1 ? means.count - 1 : means.count
        varianceWithinHours =
            hours.reduce(0) { $0 + $1.variance } / Double(max(1, hours.count))
    }

    /// What a method said after an hour that was over, or says now.
    func guess(_ method: YoungMethod, after hour: Int?) -> Double {
        let (newest, weight) = (hour ?? means.count - 1, hour == nil ? lastWeight : 1)
        switch method {
        case .lastTwoHours: return lastTwoHours(newest, weight)
        case .soFar: return soFar(newest, weight)
        case .half: return (lastTwoHours(newest, weight) + soFar(newest, weight)) / 2
        }
    }

    /// The newest hour may be shorter than one: then a part of the third to last is in it.
    private func lastTwoHours(_ newest: Int, _ weight: Double) -> Double {
        var (sum, weights) = (0.0, 0.0)
        for (back, share) in [weight, 1, 1 - weight].enumerated() where newest >= back {
            guard let mean = means[newest - back] else { continue }
            sum += share * mean
            weights += share
        }
        return weights > 0 ? sum / weights : soFar(newest, weight)
    }

    private func soFar(_ newest: Int, _ weight: Double) -> Double {
        let mean = means[newest]
        let weights = sums[newest].count + (mean == nil ? 0 : weight)
        // The first hour is never empty, so that only a hole in all that followed leaves nothing.
        return weights > 0 ? (sums[newest].mean + (mean ?? 0) * weight) / weights : 0
    }

    /// The method with the least mean squared error, what is past counting less; the first one, and
    /// no error, where nothing can be judged yet.
    func best(ahead leads: [Int], decay: Double) -> (method: YoungMethod, squaredError: Double) {
        var best: (method: YoungMethod, squaredError: Double)?
        for method in YoungMethod.allCases {
            let guesses = (0..<complete).map { guess(method, after: $0) }
            var (sum, weights, weight) = (0.0, 0.0, 1.0)
            for hour in (0..<complete).reversed() {
                weight *= decay
                guard let mean = means[hour] else { continue }
                for lead in leads where hour >= lead {
                    let error = mean - guesses[hour - lead]
                    sum += weight * error * error
                    weights += weight
                }
            }
            guard weights > 0 else { continue }
            if best.map({ sum / weights < $0.squaredError }) ?? true {
                best = (method, sum / weights)
            }
        }
        return best ?? (.lastTwoHours, 0)
    }

    /// Of each hour after the first one, by the hour before it; nil where one was not measured.
    func errors(_ method: YoungMethod) -> [Int64?] {
        (1..<max(1, complete)).map { hour in
            means[hour].map { Int64($0 - guess(method, after: hour - 1)) }
        }
    }
}

/// Sums the errors of many domains hour by hour: whether they come together or cancel out.
///
/// Independent errors add up by their squares. With a correlation of r, the square of the sum is
/// (1 − r) times the sum of squares and r times the square of the sum of deviations.
private struct SharedErrors {
    private struct Sums {
        var signed: Int64 = 0
        var squares: Int64 = 0
        var absolute: Int64 = 0
    }

    private var hours: [Int64: Sums] = [:]

    /// Nothing errs by more than a thousand CPUs: sums of squares fit.
    private static let most: Int64 = 1_000_000

    mutating func add(_ errors: [Int64?], of first: Int64) {
        for (offset, error) in errors.enumerated() {
            guard let error else { continue }
            let bounded = max(-Self.most, min(Self.most, error))
            var sums = hours[first + Int64(offset)] ?? Sums()
            sums.signed += bounded
            sums.squares += bounded * bounded
            sums.absolute += abs(bounded)
            hours[first + Int64(offset)] = sums
        }
    }

    var correlation: Double {
        var (seen, alone, together) = (0.0, 0.0, 0.0)
        for (_, sums) in hours.sorted(by: { $0.key < $1.key }) {
            seen += Double(sums.signed) * Double(sums.signed)
            alone += Double(sums.squares)
            together += Double(sums.absolute) * Double(sums.absolute)
        }
        guard together > alone else { return 0 }
        return min(1, max(0, (seen - alone) / (together - alone)))
    }
}
