import ClusterModel
import Execution
import HypervisorInterface

/// What is looked at before a guest that moves cold is started, and before anything of it goes.
extension RunExecutor {
    /// What was copied in this process.
    struct Copied {
        /// By path, what would change if the guest ran on its source meanwhile.
        var stamps: [String: String]
        /// When the copies were compared, or the target answered since.
        var at: Timestamp
    }

    /// No host loses its power and answers again in less.
    private static let freshMilliseconds: Int64 = 10_000

    /// The definition leaves the source for good: not when the guest has run there since it was
    /// copied.
    func undefineSource(_ id: StepID, _ move: Move, _ source: HostConnection) async throws {
        if let stamps = copied[id]?.stamps, !stamps.isEmpty, let open = machine.state.step(id) {
            let now = try await keepers(move).source.stamps(of: open.preparation?.images ?? [])
            let changed = stamps.keys.sorted().filter { now[$0] != stamps[$0] }
            guard changed.isEmpty else {
                throw StepFailure(
                    "\(changed.joined(separator: ", ")) changed on \(move.source) while it was "
                        + "copied: somebody started the domain there meanwhile")
            }
        }
        try await source.actuator.undefine(move.domain)
    }

    func startTarget(
        _ open: RunState.StepState, _ source: any ImageKeeper, _ target: any ImageKeeper
    ) async throws {
        let (id, domain) = (open.step.id, open.step.move.domain)
        try await proveCopies(open, source)
        do {
            try await target.start(domain, with: open.preparation?.images ?? [])
        } catch {
            if StepFailure(error).kind != .unanswered { copied[id]?.at = clock.steady() }
            throw error
        }
    }

    /// What the guest is to be started from must be what it had on the source, where all of it
    /// still is. What was read back a moment ago is not read again, but for the small files; and
    /// once the guest was to be started there, its TPM may have written.
    private func proveCopies(
        _ open: RunState.StepState, _ source: any ImageKeeper
    ) async throws(StepFailure) {
        let (move, images) = (open.step.move, open.preparation?.images ?? [])
        let age = copied[open.step.id].map { clock.steady().millisecondsSince($0.at) }
        let isFresh = age.map { $0 < Self.freshMilliseconds } ?? false
        let doubtful = isFresh ? images.filter(\.isState) : images
        guard !doubtful.isEmpty else { return }
        let differing: [DiskImage]
        do {
            differing = try await source.differing(doubtful, on: move.target)
        } catch {
            // Nothing was started, whoever did not answer.
            throw StepFailure("\(error)")
        }
        guard !differing.isEmpty, !isFresh || open.targetStarts <= 1 else { return }
        let paths = differing.map(\.path).joined(separator: ", ")
        throw StepFailure(
            "\(paths): the copy on \(move.target) is not what \(move.source) has, and the guest is "
                + "not started from it", kind: .copyDiffers)
    }

    /// Has the guest flushed its disks on the target?
    func lookAtCopies(_ id: StepID) async {
        let move = self.move(id)
        let images = machine.state.step(id)?.preparation?.images.filter { !$0.isState } ?? []
        do {
            let open = try await keepers(move).target.unflushed(images, of: move.domain)
            let paths = open.map(\.path).joined(separator: ", ")
            let doubt =
                "the guest has not flushed \(paths) on \(move.target), so that it may not be on "
                + "the disk there"
            send(.copiesLooked(id, doubt: open.isEmpty ? nil : doubt))
        } catch {
            let doubt = "it is unknown whether the copy is on the disk of \(move.target): \(error)"
            send(.copiesLooked(id, doubt: doubt))
        }
    }
}
