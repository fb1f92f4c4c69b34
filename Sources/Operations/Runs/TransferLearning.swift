package import ClusterModel
import Execution
package import Persistence
import Planning

/// What the next migrations are estimated with, learned from all that the journal tells of.
///
/// Fits are dear, and a journal has thousands of migrations: each group's fit is kept until the
/// group has one more.
package struct TransferLearning {
    private let journal: JournalStore

    package init(journal: JournalStore) { self.journal = journal }

    /// The same as a fit of all migrations of the journal, ended runs and open ones.
    package func calibration() async throws -> TransferCalibration {
        let open = try await journal.openRuns().flatMap { $1.transfers(of: $0) }
        let mark = try await journal.transferMark()
        // What cannot be read is as good as not kept.
        let kept = try? await journal.remembered(Learned.name, as: Learned.self)
        let known = kept.flatMap { $0.edition == CalibrationFit.edition ? $0 : nil }
        if open.isEmpty, let known, known.mark == mark { return known.calibration }
        var learned = Learned(mark: mark)
        learned.groups = try await groups(open, known)
        learned.contents = try await contents(open)
        // What open runs add is theirs to keep when they have ended.
        if open.isEmpty { try? await journal.remember(learned, as: Learned.name) }
        return learned.calibration
    }

    private func groups(
        _ open: [DoneTransfer], _ known: Learned?
    ) async throws -> [Learned.Group] {
        let plain = open.filter { !$0.wasHelped }
        let fits = Dictionary(
            known?.groups.map { ($0.group, $0) } ?? [], uniquingKeysWith: { first, _ in first })
        let marks = try await journal.transferMarks()
        var learned: [Learned.Group] = []
        for group in Set(marks.keys).union(plain.flatMap(Self.groups)) {
            let own = plain.filter { Self.groups(of: $0).contains(group) }
            let mark = marks[group] ?? TransferMark()
            if own.isEmpty, let fit = fits[group], fit.mark == mark {
                learned.append(fit)
                continue
            }
            let ended = try await journal.transfers(
                of: group, latest: CalibrationFit.jobsAtMost)
            let all = (ended + own).sorted { $0.place < $1.place }
            learned.append(
                Learned.Group(
                    group: group, mark: mark, fit: CalibrationFit.fit(all.map(\.observation))))
        }
        return learned
    }

    /// The groups that a migration belongs to.
    private static func groups(of transfer: DoneTransfer) -> [TransferGroup] {
        let move = transfer.step.move
        return transfer.isCold
            ? [TransferGroup(isCold: true)]
            : [TransferGroup(), TransferGroup(source: move.source, target: move.target)]
    }

    private func contents(
        _ open: [DoneTransfer]
    ) async throws -> [TransferCalibration.Content] {
        let fresh = open.filter { !$0.isCold }.compactMap { transfer in
            transfer.observed.content.map {
                FoundContent(
                    domain: transfer.step.move.domain, memory: $0, place: transfer.place)
            }
        }
        let last = Dictionary(
            (try await journal.contents() + fresh).map { ($0.domain, $0) },
            uniquingKeysWith: { $0.place < $1.place ? $1 : $0 })
        return last.values.map { TransferCalibration.Content(domain: $0.domain, memory: $0.memory) }
            .sorted { $0.domain < $1.domain }
    }
}

/// What was learned, and from which migrations.
private struct Learned: Codable, Sendable {
    static let name = "learned of migrations"

    struct Group: Codable, Sendable {
        var group: TransferGroup
        var mark: TransferMark
        /// nil where there was too little to learn from.
        var fit: TransferFit?
    }

    var edition = CalibrationFit.edition
    var mark: TransferMark
    var groups: [Group] = []
    var contents: [TransferCalibration.Content] = []

    init(mark: TransferMark) { self.mark = mark }

    var calibration: TransferCalibration {
        let pairs = groups.compactMap { one -> TransferCalibration.Pair? in
            guard let source = one.group.source, let target = one.group.target, let fit = one.fit
            else { return nil }
            return TransferCalibration.Pair(source: source, target: target, fit: fit)
        }
        let whole = { (isCold: Bool) in
            groups.first { $0.group == TransferGroup(isCold: isCold) }?.fit
        }
        return TransferCalibration(
            fleet: whole(false) ?? .assumed, pairs: pairs, cold: whole(true), contents: contents)
    }
}
