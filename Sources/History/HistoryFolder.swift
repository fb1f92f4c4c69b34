import ClusterModel
import Foundation
import Operations
package import PlacementPolicy
package import Replay

/// A scenario folder that holds a history: `cluster.json` (a cluster snapshot) or `cluster.yaml`
/// (the same by hand), `history.csv` with one column for each domain, and perhaps `policy.yaml`.
package struct HistoryFolder {
    private let path: String

    package init(path: String) { self.path = path }

    static let clusterFile = "cluster.json"
    static let historyFile = "history.csv"
    /// More values than this are refused: they would not fit into memory beside everything else.
    static let mostValues = 400_000_000

    private func file(_ name: String) -> String {
        URL(fileURLWithPath: path).appendingPathComponent(name).path
    }
    private func has(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: file(name))
    }

    // MARK: Writing

    /// Refuses a folder that has a scenario already, unless that is to be written over.
    package func refuseExisting(isForced: Bool) throws {
        try TextFile.refuseExisting(
            [Self.clusterFile, "cluster.yaml", Self.historyFile, "policy.yaml"].map(file),
            isForced: isForced)
    }

    package func write(_ world: ReplayWorld, policy: String?) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        } catch {
            throw CommandError("\(path) cannot be made: \(error.reason)", exit: .failed)
        }
        try JSON.save(world.base, to: file(Self.clusterFile))
        if let policy { try TextFile.write(policy, to: file("policy.yaml")) }
        let history = world.history
        let names = world.base.domains.map { Self.quoted($0.id.rawValue) }
        var sink = try LineSink(file(Self.historyFile))
        try sink.add("time," + names.joined(separator: ","))
        for interval in 0..<history.intervals {
            let cells = history.domains.indices.map { domain -> String in
                let value = history.value(domain, at: interval)
                return value < 0 ? "" : "\(value)"
            }
            try sink.add("\(history.time(of: interval))," + cells.joined(separator: ","))
        }
        try sink.finish()
    }

    private static func quoted(_ text: String) -> String {
        text.contains { ",\"\n".contains($0) }
            ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }

    // MARK: Reading

    package func read() throws -> ReplayWorld {
        guard has(Self.historyFile) else {
            throw CommandError("\(path) has no \(Self.historyFile)")
        }
        let base: ClusterSnapshot
        if has(Self.clusterFile) {
            base = try JSON.read(
                ClusterSnapshot.self, "a cluster snapshot", from: file(Self.clusterFile))
            try SnapshotFile.refuse(base, from: file(Self.clusterFile))
        } else {
            base = try ClusterYAML.read(file("cluster.yaml"))
            try SnapshotFile.refuse(base, from: file("cluster.yaml"))
        }
        return ReplayWorld(base: base, history: try history(of: base))
    }

    /// The policy beside the history, if there is one.
    package func policy() throws -> Policy? {
        guard has("policy.yaml") else { return nil }
        let text = try TextFile.read(file("policy.yaml"))
        do { return try Policy(yaml: text) } catch {
            throw CommandError("\(file("policy.yaml")): \(error)")
        }
    }

    private func history(of base: ClusterSnapshot) throws -> DemandHistory {
        let name = file(Self.historyFile)
        var lines = try LineSource(name)
        guard let header = try lines.next() else { throw lines.error("it is empty") }
        let columns = try CSVLine.fields(header, lines).dropFirst()
        let known = Set(base.domains.flatMap { [$0.id.rawValue, $0.name] })
        for column in columns where !known.contains(column) {
            throw lines.error("there is no domain '\(column)' in the cluster")
        }
        let place = Dictionary(
            columns.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let order = try base.domains.map { domain in
            guard let column = place[domain.id.rawValue] ?? place[domain.name] else {
                throw lines.error("no column has the domain '\(domain.name)'")
            }
            return column
        }
        var rows: [Int32] = []
        var times: [Timestamp] = []
        while let line = try lines.next() {
            let fields = try CSVLine.fields(line, lines)
            guard fields.count == columns.count + 1 else {
                throw lines.error("\(fields.count) fields, not \(columns.count + 1)")
            }
            times.append(try time(fields[0], after: times, lines))
            for column in order { rows.append(try Self.value(fields[column + 1], lines)) }
            guard rows.count <= Self.mostValues else {
                throw lines.error("more than \(Self.mostValues) values: cut the history")
            }
        }
        guard times.count > 1 else { throw lines.error("there must be two moments or more") }
        let interval = times[1].millisecondsSince(times[0])
        let intervals = times.count
        let domains = base.domains.count
        var cpu = [Int32](repeating: DemandHistory.missing, count: rows.count)
        for row in 0..<intervals {
            for domain in 0..<domains {
                cpu[domain * intervals + row] = rows[row * domains + domain]
            }
        }
        return DemandHistory(
            start: times[0], intervalMilliseconds: interval, intervals: intervals,
            domains: base.domains.map(\.id), cpu: cpu)
    }

    private func time(
        _ text: String, after times: [Timestamp], _ lines: LineSource
    ) throws -> Timestamp {
        guard let time = Timestamp(text) else {
            throw lines.error("'\(text)' is not a time such as 2026-11-21T10:00:00Z")
        }
        guard let last = times.last else { return time }
        let step = time.millisecondsSince(last)
        guard step > 0 else { throw lines.error("the clock goes back: \(time) after \(last)") }
        if times.count > 1 {
            let usual = times[1].millisecondsSince(times[0])
            guard step == usual else {
                throw lines.error(
                    "\(step / 1000) s after the line before, not \(usual / 1000): leave the cells "
                        + "of a gap empty, not its lines out")
            }
        }
        return time
    }

    /// Thousandths of a CPU; 10,000 CPUs are more than a guest can have.
    private static func value(_ text: String, _ lines: LineSource) throws -> Int32 {
        if text.isEmpty { return DemandHistory.missing }
        guard let value = Int32(text), (0...10_000_000).contains(value) else {
            throw lines.error(
                "'\(text)' is not CPU use in thousandths, from 0 to 10000000, or nothing")
        }
        return value
    }
}
