import ClusterModel

/// The steps of guests that are stopped or started where they are. Nobody is shut down before all
/// that move have left, for a drain that fails half-way is to cost no guest its run; who is started
/// waits for nobody.
struct InPlaceSteps {
    /// One of them, before it is numbered.
    struct Draft {
        var domain: Domain
        var mode: Step.Mode
        var rationale: String
        var cautions: [String] = []
    }

    /// Bytes a second that are written to a disk, or read from it, where nobody has measured it.
    private static let assumedDiskRate: Int64 = 100 << 20
    /// Until QEMU runs and the guest's boot begins.
    private static let startMilliseconds: Int64 = 2000

    let drafts: [Draft]

    init(_ stops: [UnmovableGuests.Stop]) {
        drafts = stops.sorted { $0.domain.id < $1.domain.id }.map { stop in
            let host = stop.domain.host
            let what = stop.mode == .save ? "saved" : "shut down"
            let why = stop.blockers.first.map { ": \($0.detail)" } ?? ""
            let memory = stop.domain.facts.memory
            return Draft(
                domain: stop.domain, mode: stop.mode,
                rationale: "\(host) is drained, and it cannot be moved\(why); it is \(what), and "
                    + "started again by 'kvmbalance return \(host)'",
                cautions: stop.mode == .save
                    ? [
                        "\(memory) at most must be free where libvirt on \(host) saves memory "
                            + "(/var/lib/libvirt/qemu/save), which is not known before: it keeps "
                            + "running if not"
                    ] : [])
        }
    }

    init(_ starts: [StoppedGuest], in snapshot: ClusterSnapshot) {
        drafts = starts.compactMap { guest in
            let entry = snapshot.domains.first {
                $0.id == guest.domain && $0.host == guest.host
            }
            return entry.map {
                Draft(
                    domain: $0, mode: guest.isSaved ? .restore : .start,
                    rationale: "it was \(guest.isSaved ? "saved" : "shut down") on \(guest.host) "
                        + "when that was drained")
            }
        }
    }

    /// Starts come before all migrations: a guest that is off waits longer than one that runs.
    var startCount: Int { drafts.count { $0.mode.startsInPlace } }

    /// Adds them to a plan whose migrations are there already, with room left for their numbers.
    func write(into plan: inout MigrationPlan, _ calibration: TransferCalibration) {
        guard !drafts.isEmpty else { return }
        let migrations = plan.steps.map(\.id).sorted()
        let first = startCount > 0 ? 1 : (migrations.last?.rawValue ?? 0) + 1
        var steps: [Step] = []
        let begin = plan.makespanMilliseconds
        var ends = [Int64](repeating: 0, count: max(1, min(plan.limits.fleet, plan.limits.perHost)))
        for (index, draft) in drafts.enumerated() {
            let isStop = draft.mode.stopsInPlace
            var step = Step(
                id: StepID(first + index), domainName: draft.domain.name,
                move: Move(
                    domain: draft.domain.id, source: draft.domain.host, target: draft.domain.host),
                mode: draft.mode, after: isStop ? migrations : [],
                rationale: draft.rationale, cautions: draft.cautions)
            let lane = ends.indices.min { ends[$0] < ends[$1] } ?? 0
            let duration = duration(of: draft, calibration)
            step.estimate = StepEstimate(
                startMilliseconds: (isStop ? begin : 0) + ends[lane],
                durationMilliseconds: duration,
                // Of one that is stopped: at least. It is down until its host is returned.
                downtimeMilliseconds: duration)
            ends[lane] += duration
            steps.append(step)
        }
        plan.steps = startCount > 0 ? steps + plan.steps : plan.steps + steps
        let longest = ends.max() ?? 0
        let isStop = drafts.contains { $0.mode.stopsInPlace }
        plan.makespanMilliseconds = isStop ? begin + longest : max(begin, longest)
    }

    private func duration(of draft: Draft, _ calibration: TransferCalibration) -> Int64 {
        switch draft.mode {
        case .shutdown: (calibration.cold ?? .assumedCold).fixedMilliseconds
        case .save, .restore:
            Self.startMilliseconds
                + draft.domain.facts.copiedMemory.count * 1000 / Self.assumedDiskRate
        case .start: Self.startMilliseconds
        case .live, .offline, .storage: 0
        }
    }
}
