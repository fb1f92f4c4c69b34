package import ClusterModel
import Foundation
import Operations
import Persistence
import Telemetry

/// Turns others' history into a metrics database of ours, with a fleet file beside it, in memory
/// that does not grow with the history.
package struct HistoryImporter {
    /// What every machine of the made-up or named fleet has.
    package struct Shape {
        var hosts: Int
        var cpus: Int
        var memory: Bytes
        var periodMilliseconds: Int64

        package init(hosts: Int, cpus: Int, memory: Bytes, periodMilliseconds: Int64) {
            self.hosts = hosts
            self.cpus = cpus
            self.memory = memory
            self.periodMilliseconds = periodMilliseconds
        }
    }

    /// What is known of a domain beside its use.
    struct Guest {
        var name: String
        var id: DomainID?
        /// nil places it where least memory is promised.
        var host: HostName?
        var vcpus: Int
        var memory: Bytes?

        /// By its UUID where that is known: two hosts may have a domain of one name each.
        var key: String { id?.rawValue ?? name }
    }

    /// What an import came to.
    package struct Summary: Hashable, Sendable {
        /// Where the database and its fleet file are.
        package var folder: String
        package var domains: Int
        package var hosts: Int
        package var samples: Int
        /// Second values of a domain within one period, which were left out.
        package var dropped: Int
        /// Of the first and of the last sample.
        package var first: Timestamp
        package var last: Timestamp
    }

    private struct Known {
        var guest: Guest
        var host: HostName
        var at: Int64
        var counter: Int64
    }

    /// Why a value is refused; the reader says in which line.
    struct Refused: Error { let message: String }

    private let folder: String
    private let shape: Shape
    private let store: MetricsStore
    private var known: [String: Known] = [:]
    private var promised: [HostName: Int64] = [:]
    private var batch: [SampleOutcome] = []
    private var samples = 0
    /// A second value of a domain within one period.
    private var dropped = 0
    private var first: Int64?
    private var last: Int64 = 0

    static let batchSize = 5000

    package init(folder: String, shape: Shape) throws {
        self.folder = folder
        self.shape = shape
        let base = URL(fileURLWithPath: folder)
        let config = base.appendingPathComponent("kvmbalance.yaml").path
        let database = base.appendingPathComponent("database").path
        for file in [config, "\(database)/\(MetricsStore.fileName)"]
        where FileManager.default.fileExists(atPath: file) {
            throw CommandError(
                "\(file) already exists, perhaps from an import that failed: an import needs a "
                    + "new folder")
        }
        store = try MetricsStore(directory: database, mostNewcomers: nil)
        for number in 0..<shape.hosts { promised[HostName("host\(number + 1)")] = 0 }
    }

    // MARK: Values

    /// What a domain used, in thousandths of a CPU, in the period that ended then.
    mutating func add(_ guest: Guest, at time: Timestamp, use: Int64) async throws {
        let most = RateRules.plausibleCPU(vcpus: guest.vcpus).count
        guard use >= 0 else { throw Refused(message: "its use is negative") }
        guard use <= most else {
            throw Refused(
                message: "\(MilliCPU(use)) are more than its \(guest.vcpus) virtual CPUs can use")
        }
        let period = shape.periodMilliseconds
        let now = time.milliseconds / period * period
        var entry = try place(guest, now: now)
        if now == entry.at, known[guest.key] != nil {
            dropped += 1
            return
        }
        // The first value, and one after a gap, needs a counter to start from.
        if known[guest.key] == nil || now - entry.at > period {
            try await put(entry, at: now - period)
        }
        let (used, isTooMuch) = entry.counter.addingReportingOverflow(use * period * 1000)
        // After 290 years of CPU time it starts again, as that of a restarted guest does.
        entry.counter = isTooMuch ? 0 : used
        entry.at = now
        known[guest.key] = entry
        try await put(entry, at: now)
    }

    /// A counter of CPU time in nanoseconds, as it was read then.
    mutating func add(_ guest: Guest, at time: Timestamp, counter: Int64) async throws {
        guard counter >= 0 else { throw Refused(message: "its counter is negative") }
        var entry = try place(guest, now: time.milliseconds)
        entry.counter = counter
        entry.at = time.milliseconds
        known[guest.key] = entry
        try await put(entry, at: entry.at)
    }

    private mutating func place(_ guest: Guest, now: Int64) throws -> Known {
        if var entry = known[guest.key] {
            guard now >= entry.at else {
                throw Refused(
                    message: "the clock goes back: \(Timestamp(milliseconds: now)) after "
                        + "\(Timestamp(milliseconds: entry.at))")
            }
            if let host = guest.host, host != entry.host, !host.rawValue.isEmpty {
                try Self.refuse(host.rawValue)
                entry.host = host
                promised[host, default: 0] += 0
            }
            entry.guest.vcpus = max(entry.guest.vcpus, guest.vcpus)
            entry.guest.memory = guest.memory ?? entry.guest.memory
            return entry
        }
        let emptiest = promised.min { ($0.value, $0.key) < ($1.value, $1.key) }?.key
        guard let host = guest.host ?? emptiest else {
            throw Refused(message: "there is no host: give --hosts")
        }
        guard !host.rawValue.isEmpty else { throw Refused(message: "its host has no name") }
        for name in [guest.name, guest.id?.rawValue ?? "", host.rawValue] { try Self.refuse(name) }
        promised[host] =
            Plausible.sum([
                Bytes(promised[host] ?? 0), guest.memory ?? Bytes(1),
            ]).count
        return Known(guest: guest, host: host, at: now, counter: 0)
    }

    /// The most that a name may have, in bytes of UTF-8: libvirt's fit into 255.
    private static let longestName = 1024

    /// Everything else in a name can be written down and read back, and is.
    private static func refuse(_ name: String) throws {
        guard name.utf8.count <= longestName else {
            throw Refused(message: "a name has more than \(longestName) bytes")
        }
        guard !name.unicodeScalars.contains(where: { $0 == "\n" || $0 == "\r" }) else {
            throw Refused(message: "a name has a line end, which none of libvirt's has")
        }
    }

    private mutating func put(_ entry: Known, at time: Int64) async throws {
        let id = entry.guest.id ?? DomainID("id-of-\(entry.guest.name)")
        var sample = RawDomainSample(id: id, name: entry.guest.name, state: .running)
        sample.cpuTime = entry.counter
        sample.vcpus = entry.guest.vcpus
        sample.balloonMaximum = entry.guest.memory
        batch.append(
            .sample(
                RawHostSample(
                    host: entry.host, at: Timestamp(milliseconds: time), domains: [sample])))
        first = min(first ?? time, time)
        last = max(last, time)
        samples += 1
        if batch.count >= Self.batchSize { try await flush() }
    }

    private mutating func flush() async throws {
        try await store.store(batch)
        batch = []
    }

    // MARK: The end

    /// Writes what is left, the facts of hosts and domains, and the fleet file.
    package mutating func finish() async throws -> Summary {
        try await flush()
        guard let first else { throw CommandError("there is nothing to import", exit: .failed) }
        let hosts = promised.keys.sorted { Self.order($0) < Self.order($1) }
        let byHost = Dictionary(grouping: known.values, by: \.host)
        for name in hosts {
            let facts = ClusterYAML.host(
                name, cpus: shape.cpus, memory: shape.memory, linkMbps: 10_000
            ).facts
            guard let facts else { continue }
            let domains = (byHost[name] ?? []).map { entry in
                ClusterYAML.domain(
                    entry.guest.name, id: entry.guest.id, on: name, vcpus: entry.guest.vcpus,
                    memory: entry.guest.memory ?? .gibibytes(1)
                ).facts
            }.sorted { $0.name < $1.name }
            try await store.store(
                HostObservation(
                    host: name, at: Timestamp(milliseconds: last), facts: facts, domains: domains))
        }
        try store.close()
        let entries = hosts.map { host in
            "  - name: \(YAMLWord.quoted(host.rawValue))\n"
                + "    uri: \(YAMLWord.quoted("recorded://\(host)"))\n"
        }
        try TextFile.write(
            "# Made by 'kvmbalance import': for backtest and record, not for real hosts.\n"
                + "hosts:\n\(entries.joined())database: database\n",
            to: URL(fileURLWithPath: folder).appendingPathComponent("kvmbalance.yaml").path)
        return Summary(
            folder: folder, domains: known.count, hosts: hosts.count, samples: samples,
            dropped: dropped, first: Timestamp(milliseconds: first),
            last: Timestamp(milliseconds: last))
    }

    private static func order(_ name: HostName) -> (Int, String) {
        (name.rawValue.count, name.rawValue)
    }
}
