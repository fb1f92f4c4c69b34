import ClusterModel
import Execution
import Foundation
import GRDB
import Persistence
import Planning
import TestSupport
import Testing

@testable import Operations

/// What is learned from past runs by way of the index is what folding every run of the journal
/// gives.
struct LearningTests {
    /// Three hosts with three guests each.
    private var world: ClusterSnapshot {
        var cluster = ClusterBuilder()
        for host in 1...3 {
            cluster.host(HostName("host\(host)"))
            for number in 1...3 {
                cluster.domain("vm\(host)\(number)", on: HostName("host\(host)"))
            }
        }
        return cluster.snapshot
    }

    /// Everything folded, as it was before there was an index.
    private struct Oracle {
        var states: [RunState] = []
        var transfers: [DoneTransfer] = []

        init(_ journal: JournalStore) async throws {
            for run in try await journal.runs().sorted() {
                let state = try await journal.state(of: run)
                states.append(state)
                transfers += state.transfers(of: run)
            }
            transfers.sort { $0.place < $1.place }
        }

        var calibration: TransferCalibration {
            var contents: [DomainID: Bytes] = [:]
            for one in transfers where !one.isCold {
                if let content = one.observed.content {
                    contents[one.step.move.domain] = content
                }
            }
            let plain = transfers.filter { !$0.wasHelped }
            return CalibrationFit.calibrate(
                plain.filter { !$0.isCold }.map(\.observation),
                cold: plain.filter(\.isCold).map(\.observation),
                contents: contents.map { TransferCalibration.Content(domain: $0, memory: $1) })
        }

        /// Domain and place of what is away from its host.
        var away: [DomainID: DisplacedDomains.Absence] {
            var absences: [DomainID: DisplacedDomains.Absence] = [:]
            for state in states {
                for move in state.displacements {
                    if let home = absences[move.domain]?.home {
                        absences[move.domain] =
                            move.target == home
                            ? nil : DisplacedDomains.Absence(home: home, at: move.target)
                    } else if state.kind == .drain, state.original.hosts.contains(move.source) {
                        absences[move.domain] = DisplacedDomains.Absence(
                            home: move.source, at: move.target)
                    }
                }
            }
            return absences
        }
    }

    private func compare(_ journal: JournalStore, _ when: String) async throws {
        let oracle = try await Oracle(journal)
        let learning = TransferLearning(journal: journal)
        #expect(try await learning.calibration() == oracle.calibration, "\(when)")
        // From what is kept of it.
        #expect(try await learning.calibration() == oracle.calibration, "\(when)")
        let away = oracle.away
        for host in world.hosts.map(\.name) {
            let list = try await DisplacedDomains(of: [host], in: journal)
            let found = list.domains(of: host).map { "\($0.domain)@\($0.at)" }
            let wanted = away.filter { $0.value.home == host }.map { "\($0.key)@\($0.value.at)" }
            #expect(found == wanted.sorted(), "\(when), \(host)")
        }
        let open = try await journal.openRuns().flatMap { $1.transfers(of: $0) }
        let all = try await journal.transfers(since: RunID(0)) + open
        #expect(Set(all) == Set(oracle.transfers) && all.count == oracle.transfers.count)
    }

    @Test func manyRunsTeachWhatTheirFoldTeaches() async throws {
        let folder = NSTemporaryDirectory() + "kvmbalance-learning-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let journal = try JournalStore(directory: folder)
        var history = MadeUpRuns(world, seed: 3)
        var time = Timestamp(seconds: 1_700_000_000)
        var open: (run: RunID, rest: [JournalEvent])?
        for count in 1...90 {
            let made = history.next()
            time = time.advanced(byMilliseconds: 60_000)
            let run = try await journal.open(made.plan, at: time, process: 1)
            let stopsEarly = count == 40
            let now = made.events.prefix(stopsEarly ? 3 : made.events.count)
            for event in now {
                time = time.advanced(byMilliseconds: 1000)
                try await journal.append(event, to: run, at: time)
            }
            if stopsEarly {
                open = (run, Array(made.events.dropFirst(now.count)))
                try await compare(journal, "with an open run")
            } else if let last = open {
                // It goes on after the next one has ended: times and numbers differ in their order.
                open = nil
                try await compare(journal, "with an older run open")
                for event in last.rest { try await journal.append(event, to: last.run, at: time) }
            }
            if count == 90 { try await compare(journal, "after \(count) runs") }
        }
        // One that ended long ago is taken up and rolled back.
        let runs = try await journal.summaries()
        let done = try #require(runs.last { $0.outcome?.state == .done && $0.moved > 1 }?.run)
        let state = try await journal.state(of: done)
        var back = state.original
        back.steps = Array(back.steps.prefix(1))
        back.steps[0].move = Move(
            domain: back.steps[0].move.domain, source: back.steps[0].move.target,
            target: back.steps[0].move.source)
        try await journal.append(.taken(process: 2, goal: .rollback), to: done, at: time)
        try await journal.append(.planned(back, goal: .rollback), to: done, at: time)
        try await compare(journal, "taken up again")
        try await journal.append(
            .arrived(
                StepID(state.nextStepNumber), MigrationStatistics(durationMilliseconds: 4000),
                note: nil), to: done, at: time)
        try await journal.append(.ended(RunOutcome(.rolledBack)), to: done, at: time)
        try await compare(journal, "rolled back")
        #expect(try await Oracle(journal).transfers.count > 150)
        #expect(try await TransferLearning(journal: journal).calibration().pairs.count > 2)
    }

    /// Of a run that has ended nothing is read again but its summary: here its records are spoiled.
    @Test func endedRunsAreNotFoldedAgain() async throws {
        let folder = NSTemporaryDirectory() + "kvmbalance-learning-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let journal = try JournalStore(directory: folder)
        var history = MadeUpRuns(world, seed: 5)
        let time = Timestamp(seconds: 1_700_000_000)
        for _ in 1...6 {
            let made = history.next()
            let run = try await journal.open(made.plan, at: time, process: 1)
            for event in made.events { try await journal.append(event, to: run, at: time) }
        }
        let learning = TransferLearning(journal: journal)
        let taught = try await learning.calibration()
        let away = try await DisplacedDomains(of: world.hosts.map(\.name), in: journal).absences
        let summaries = try await journal.summaries()
        let other = try DatabaseQueue(path: folder + "/journal.sqlite")
        try await other.write { database in
            try database.execute(
                sql: "DROP TRIGGER recordIsNeverChanged; UPDATE record SET event = '{}'")
        }
        await #expect(throws: StoreError.self) { try await journal.state(of: 1) }
        #expect(try await learning.calibration() == taught)
        #expect(
            try await DisplacedDomains(of: world.hosts.map(\.name), in: journal).absences == away)
        #expect(try await journal.summaries() == summaries && summaries.count == 6)
        #expect(try await journal.unfinishedRuns().isEmpty)
    }

    /// A change of what a fit gives leaves kept fits wrong: raise `CalibrationFit.edition` with it.
    @Test func aFitOfThisEdition() throws {
        let observations = (0..<12).map { (number: Int64) in
            TransferObservation(
                source: "host1", target: "host2", memory: .mebibytes(500 + number * 300),
                dirtyRates: DirtyRates(
                    hotSet: .mebibytes(number * 3), hotMilliseconds: 1000, coldRate: .mebibytes(1)),
                linkRate: Bytes(125_000_000),
                durationMilliseconds: 1500 + (500 + number * 300) * 9,
                downtimeMilliseconds: 80 + number)
        }
        let fit = try #require(CalibrationFit.fit(observations))
        #expect(CalibrationFit.edition == 1)
        #expect(
            fit
                == TransferFit(
                    fixedMilliseconds: 1542, efficiencyPermille: 942, dirtyingPermille: 500,
                    switchoverMilliseconds: 0, errorPermille: 50, jobs: 12))
    }
}
