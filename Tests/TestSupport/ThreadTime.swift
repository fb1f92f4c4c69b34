import Glibc

/// What work costs, whatever else the machine does meanwhile.
package enum ThreadTime {
    /// CPU seconds of this thread that the work takes. It must not change threads.
    package static func seconds(_ work: () -> Void) -> Double {
        let start = now
        work()
        return now - start
    }

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
