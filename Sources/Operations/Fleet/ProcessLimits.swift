import Foundation
import Glibc

/// How much this process may still have; nil is without a limit.
package struct ProcessLimits: Hashable, Sendable {
    /// Open files.
    var descriptors: Int64?
    /// Processes and threads together.
    var tasks: Int64?

    package static var present: ProcessLimits {
        // The kernel does not hold root to its number of processes.
        let own = geteuid() == 0 ? nil : limit(__RLIMIT_NPROC)
        let group = tasksLeft(
            inGroup: (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? "",
            root: "/sys/fs/cgroup")
        return ProcessLimits(
            descriptors: limit(RLIMIT_NOFILE),
            tasks: [own, group].compactMap(\.self).min())
    }

    private static func limit(_ resource: __rlimit_resource) -> Int64? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else { return nil }
        return Int64(exactly: limit.rlim_cur)
    }

    /// The tightest limit of the process's control group and those above it (`pids.max`).
    static func tasksLeft(inGroup membership: String, root: String) -> Int64? {
        guard let line = membership.split(separator: "\n").first(where: { $0.hasPrefix("0::") })
        else { return nil }
        var tightest: Int64?
        var group = URL(fileURLWithPath: root + line.dropFirst(3)).standardizedFileURL
        while group.path.hasPrefix(root), group.path != root {
            if let most = number(group, "pids.max"), let used = number(group, "pids.current") {
                tightest = min(tightest ?? .max, max(0, most - used))
            }
            group.deleteLastPathComponent()
        }
        return tightest
    }

    /// nil where there is none, as for `max`.
    private static func number(_ group: URL, _ name: String) -> Int64? {
        let text = try? String(contentsOf: group.appendingPathComponent(name), encoding: .utf8)
        return text.flatMap { Int64($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
}

/// What connections to real hosts cost this process, held against its limits before the first one
/// is opened. Beyond the limits hosts would fail at random, and the journal with them.
package struct ConnectionCost: Hashable, Sendable {
    let hosts: Int

    package init(hosts: Int) { self.hosts = hosts }

    /// One that samples and one that inspects, for each host.
    private static let connectionsPerHost = 2
    /// Of a run: for looks, for orders, for images and for each migration under way, at both ends.
    private static let connectionsPerActiveHost = 6
    private static let activeHosts = 10
    /// A connection over ssh is a socket, a pipe for errors and a wake-up; measured.
    private static let descriptorsPerConnection = 3
    /// Its thread and its ssh.
    private static let tasksPerConnection = 2
    /// Databases, terminal and libraries; their threads.
    private static let own = (descriptors: 64, tasks: 24)

    private var connections: Int {
        hosts * Self.connectionsPerHost
            + min(hosts, Self.activeHosts) * Self.connectionsPerActiveHost
    }
    var descriptors: Int64 {
        Int64(connections * Self.descriptorsPerConnection + Self.own.descriptors)
    }
    var tasks: Int64 { Int64(connections * Self.tasksPerConnection + Self.own.tasks) }

    package func admit(within limits: ProcessLimits) throws(CommandError) {
        if hosts > 0, let most = limits.descriptors, descriptors > most {
            throw CommandError(
                "connections to \(Format.plural(hosts, "host")) need up to \(descriptors) open "
                    + "files, and this process may have \(most): raise the limit ('ulimit -n "
                    + "\(descriptors)' as root before kvmbalance, or LimitNOFILE=\(descriptors) "
                    + "in its unit)", exit: .failed)
        }
        if hosts > 0, let most = limits.tasks, tasks > most {
            throw CommandError(
                "connections to \(Format.plural(hosts, "host")) need up to \(tasks) processes and "
                    + "threads, and this process may have \(most) more: raise the limit ('ulimit "
                    + "-u \(tasks)' as root before kvmbalance, or TasksMax=\(tasks) in its unit)",
                exit: .failed)
        }
    }
}
