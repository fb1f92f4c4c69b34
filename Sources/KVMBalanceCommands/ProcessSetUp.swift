import Foundation
import Glibc

/// What a process of ours is given before it does anything.
package enum ProcessSetUp {
    package static func begin() {
        // A reader or a terminal that went away is an error of the write, and no end of a run.
        signal(SIGPIPE, SIG_IGN)
        // 'runs stop' may reach a run that has not quite begun: it is then lost, and kills nothing.
        signal(SIGUSR1, SIG_IGN)
        raiseDescriptorLimit()
    }

    /// A connection to a host costs three descriptors, and the usual soft limit of 1024 is there
    /// for programs that use select(2), which nothing here does.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
            limit.rlim_cur < limit.rlim_max
        else { return }
        limit.rlim_cur = limit.rlim_max
        // Where it is refused the old one holds, and what lacks descriptors says so.
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
