import Foundation

/// CPU seconds, wall seconds and peak memory of this process since it was made.
struct Meter {
    private let clock = ContinuousClock()
    private let start = ContinuousClock().now
    private let cpuAtStart = Meter.usage().cpu

    var wallSeconds: Double {
        let (seconds, attoseconds) = (clock.now - start).components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
    var cpuSeconds: Double { Self.usage().cpu - cpuAtStart }
    static var peakBytes: Int { usage().peakBytes }

    private static func usage() -> (cpu: Double, peakBytes: Int) {
        var usage = rusage()
        getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        let times = [usage.ru_utime, usage.ru_stime]
        let cpu = times.reduce(0.0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
        return (cpu, Int(usage.ru_maxrss) * 1024)
    }
}
