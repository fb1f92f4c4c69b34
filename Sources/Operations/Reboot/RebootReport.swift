package import ClusterModel
package import Execution
import Persistence

/// A rolling reboot for programs and for people.
package struct RebootReport: Encodable, Sendable {
    /// One host of it.
    package struct HostReport: Encodable, Sendable {
        package var host: HostName
        /// `waiting`, `draining`, `rebooting`, `back` or `done`.
        package var state: String
        package var round: Int?
        /// Since when it is rebooting.
        package var since: Timestamp?
        package var before: HostBoot?
        package var after: HostBoot?
        package var error: String?
    }

    /// One round of it.
    package struct RoundReport: Encodable, Sendable {
        package var round: Int
        package var hosts: [HostName]
        /// The runs that emptied these hosts, and brought guests back.
        package var runs: [RunID]
    }

    package var run: RunID
    package var kind = JournalStore.rebootKind
    package var state: String
    /// True where its process was killed before it ended; nil otherwise.
    package var killed: Bool?
    package var reason: String?
    package var startedAt: Timestamp?
    package var endedAt: Timestamp?
    /// `4 of 12 hosts done, host5 is rebooting since 2 min`.
    package var line: String
    package var hosts: [HostReport]
    package var rounds: [RoundReport]
    /// The runs that brought guests back when all was done.
    package var returns: [RunID]
    /// Guests of drains that it made are not where they were.
    package var isAway: Bool

    private enum CodingKeys: String, CodingKey {
        case run, kind, state, killed, reason
        case startedAt = "started_at"
        case endedAt = "ended_at"
        case line, hosts, rounds, returns
    }

    package init(
        _ run: RunID, _ state: RebootState, at now: Timestamp, isKilled: Bool = false
    ) {
        self.run = run
        self.state = state.outcome?.state.rawValue ?? "running"
        killed = isKilled ? true : nil
        reason = state.outcome?.reason ?? state.stopReason
        startedAt = state.startedAt
        endedAt = state.endedAt
        line = state.line(at: now)
        hosts = state.request.hosts.map { Self.report($0, state) }
        rounds = state.rounds.enumerated().map { index, round in
            RoundReport(round: index + 1, hosts: round.names, runs: round.runs)
        }
        returns = state.lastReturns
        isAway = state.request.homecoming == .never && !state.runs.isEmpty
    }

    private static func report(_ host: HostName, _ state: RebootState) -> HostReport {
        let round = state.rounds.lastIndex { $0.names.contains(host) }
        var report = HostReport(
            host: host, state: "waiting", round: round.map { $0 + 1 },
            before: state.boots[host]?.before, after: state.boots[host]?.after,
            error: state.failures[host]?.reason)
        switch state.turn(of: host) {
        case .waiting: if state.round?.names.contains(host) == true { report.state = "draining" }
        case .rebooting(let attempt): (report.state, report.since) = ("rebooting", attempt.since)
        case .back: report.state = "back"
        case .done: report.state = "done"
        }
        return report
    }
}

extension RebootState {
    /// Where it is, in one line that a person understands.
    package func line(at now: Timestamp) -> String {
        let done = "\(doneHosts.count) of \(Format.plural(request.hosts.count, "host")) done"
        guard outcome == nil || !rebootingHosts.isEmpty else { return done }
        let doing = rebooting(at: now) + others
        return ([done] + doing).joined(separator: ", ")
    }

    private func rebooting(at now: Timestamp) -> [String] {
        rebootingHosts.compactMap { host in
            guard case .rebooting(let attempt) = turn(of: host) else { return nil }
            let time = max(0, now.millisecondsSince(attempt.since))
            let since =
                time < 60_000
                ? "\(time / 1000) s" : Format.duration(milliseconds: time / 60_000 * 60_000)
            let what = request.command == nil ? "waits for its reboot by hand" : "is rebooting"
            return "\(host) \(what) since \(since)"
        }
    }

    private var others: [String] {
        guard outcome == nil else { return [] }
        guard let round else {
            if waitingHosts.isEmpty {
                return request.homecoming == .end && !hasReturned ? ["guests return"] : []
            }
            return request.hours.map { ["the next round begins between \($0)"] } ?? []
        }
        let waiting = round.names.filter { turn(of: $0) == .waiting }
        if !waiting.isEmpty {
            let isOne = waiting.count == 1
            let what = round.isEmptied ? "empty" : "being drained"
            return ["\(waiting.words) \(isOne ? "is" : "are") \(what)"]
        }
        let back = round.names.filter { if case .back = turn(of: $0) { true } else { false } }
        if !back.isEmpty { return ["\(back.words) \(back.count == 1 ? "is" : "are") back"] }
        let isOver = round.names.allSatisfy { turn(of: $0) == .done }
        return isOver && request.homecoming == .always ? ["guests return"] : []
    }
}

extension RebootService {
    package func contains(_ run: RunID) async throws -> Bool {
        try await journal.reboots().contains(run)
    }

    package func report(_ run: RunID) async throws -> RebootReport {
        try await report(run, journal.rebootState(of: run))
    }

    /// All that can be read, newest first.
    package func reports() async throws -> [RebootReport] {
        var reports: [RebootReport] = []
        for run in try await journal.reboots() {
            do {
                reports.append(try await report(run))
            } catch let error as StoreError {
                await observer.progress.observe(
                    .warning(
                        "run \(run) (\(JournalStore.rebootKind)) cannot be read: \(error). Look at "
                            + "its hosts; this then ends it: kvmbalance runs abort \(run)"
                            + flags.config))
            }
        }
        return reports
    }

    /// The one that is not over; nil where there is none.
    package func underWay() async throws -> RebootReport? {
        guard let (run, state) = try await journal.unfinishedReboots().last else { return nil }
        return try await report(run, state)
    }

    func report(_ run: RunID, _ state: RebootState) async throws -> RebootReport {
        let isDriven = runs.driver?.drives(run) == true
        return RebootReport(
            run, state, at: observer.now(), isKilled: state.outcome == nil && !isDriven)
    }
}
