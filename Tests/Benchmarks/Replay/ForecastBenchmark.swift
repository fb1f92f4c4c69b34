import ArgumentParser
import BenchmarkModels
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
        print("trace      ahead   forecasts   now     yesterday  ours    of them mixtures")
        for file in files {
            let isWeek = file.contains("bitbrains")
            let trace =
                isWeek
                ? try TraceFile.bitbrains(file, largest: .gibibytes(1024))
                : TraceFile.planetLab(try PlanetLabDay(file))
            for hours in [1, 4, 12] where isWeek || hours < 12 { measure(trace, hours, isWeek) }
        }
    }

    /// The last two days of a week, or the last quarter of a day, are held back. A way is chosen
    /// for each forecast again, on what is known by then, as a balancer would.
    private func measure(_ trace: TraceFile.Trace, _ hours: Int, _ isWeek: Bool) {
        let perDay = 288
        let forecast = DemandForecast(perDay: perDay, ahead: hours * 12)
        let all = trace.history.intervals
        let heldBack = isWeek ? 2 * perDay : perDay / 4
        var (now, yesterday, ours) = (Tally(), Tally(), Tally())
        var mixtures = 0
        for domain in trace.guests.indices {
            let values = trace.history.values(domain, 0..<all)
            let first = values.startIndex
            for at in stride(from: first + all - heldBack, to: first + all, by: every)
            where values[at] >= 0 {
                let known = values[first...(at - forecast.ahead)]
                guard let best = forecast.best(known, judged: isWeek ? perDay : perDay / 2)
                else { continue }
                if case .mixture = best.way { mixtures += 1 }
                func add(_ way: DemandForecast.Method, to tally: inout Tally) {
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
            "\(trace.name)  \(hours) h   \(ours.count)  " + number(now) + "  " + number(yesterday)
                + "  " + number(ours) + "  \(mixtures * 100 / max(1, ours.count)) %")
    }
}
