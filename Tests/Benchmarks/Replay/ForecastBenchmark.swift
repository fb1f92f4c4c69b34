import ArgumentParser
import ClusterModel
import Foundation
import Replay
import Telemetry

/// `forecast DATA…`: errors of forecasts on values that were held back.
struct ForecastBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forecast",
        abstract: "Forecasts against 'same as now' and 'same as yesterday', on held-back values.")

    @Argument(help: "bitbrains/*.csv.gz, or packed PlanetLab days.") var files: [String]
    @Option(help: "Every so many steps of the held-back part is forecast.") var every = 12

    /// Sums of errors of one way.
    private struct Tally {
        var error = 0.0
        var count = 0
        var mean: Double { count == 0 ? .nan : error / Double(count) }
    }

    func run() throws {
        print("trace      ahead   domains   now     yesterday  ours    ours is a mixture for")
        for file in files {
            let isWeek = file.contains("bitbrains")
            let trace =
                isWeek
                ? try TraceFile.bitbrains(file, largest: .gibibytes(1024))
                : TraceFile.planetLab(try PlanetLabDay(file))
            for hours in [1, 4, 12] where isWeek || hours < 12 { measure(trace, hours, isWeek) }
        }
    }

    /// The last two days of a week, or the last quarter of a day, are held back; ways are chosen on
    /// what was before, per domain, once.
    private func measure(_ trace: TraceFile.Trace, _ hours: Int, _ isWeek: Bool) {
        let perDay = 288
        let forecast = DemandForecast(perDay: perDay, ahead: hours * 12)
        let all = trace.history.intervals
        let heldBack = isWeek ? 2 * perDay : perDay / 4
        var (now, yesterday, ours) = (Tally(), Tally(), Tally())
        var mixtures = 0
        var domains = 0
        for domain in trace.guests.indices {
            let values = trace.history.values(domain, 0..<all)
            let first = values.startIndex
            let training = values[first..<(first + all - heldBack)]
            guard let best = forecast.best(training, judged: isWeek ? 2 * perDay : perDay / 2)
            else { continue }
            domains += 1
            if case .mixture = best.way { mixtures += 1 }
            for at in stride(from: first + all - heldBack, to: first + all, by: every)
            where values[at] >= 0 {
                let known = values[first...(at - forecast.ahead)]
                func add(_ way: DemandForecast.Way, to tally: inout Tally) {
                    guard let guess = forecast.predict(known, way) else { return }
                    tally.error += Double(abs(guess - Int64(values[at]))) / 1000
                    tally.count += 1
                }
                add(.sameAsNow, to: &now)
                add(.sameAsYesterday, to: &yesterday)
                add(best.way, to: &ours)
            }
        }
        let number = { (tally: Tally) in String(format: "%8.4f", tally.mean) }
        print(
            "\(trace.name)  \(hours) h   \(domains)  " + number(now) + "  " + number(yesterday)
                + "  " + number(ours) + "  \(mixtures * 100 / max(1, domains)) %")
    }
}
