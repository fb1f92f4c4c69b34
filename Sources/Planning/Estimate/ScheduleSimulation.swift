import ClusterModel

/// Predicts when each step starts and ends, by playing the plan: steps start in their order as soon
/// as what they wait for is done and the limits allow; migrations that leave a host share its link
/// evenly, and so do those that come to it.
///
/// A migration under way has done a share of its copying; with less bandwidth the rest takes longer
/// by more than that, because more is written meanwhile. Source: fluid processor sharing.
/// O(steps × (running + waiting)) at worst.
struct ScheduleSimulation {
    /// A step as the simulation sees it.
    struct Task {
        var source: Int
        var target: Int
        var memory: Bytes
        var dirtyRate: Bytes?
        var after: [Int]
        /// How it rewrites its memory, where more is known than one rate.
        var dirtyRates: DirtyRates?
        var fit = TransferFit.assumed

        var knownDirtyRates: DirtyRates? { dirtyRates ?? dirtyRate.map { DirtyRates(rate: $0) } }
        /// Work that needs no link: set-up before, hand-over after.
        var fixed: Double { Double(fit.fixedMilliseconds) }
    }

    /// Bytes a second: what it sent, and its share of the nominal links.
    struct Copying {
        var rate = 0.0
        var link = 0.0
    }

    private struct Running {
        var task: Int
        var fixed: Double
        /// Share of the copying that is still to do.
        var left = 1.0
        /// What the whole copying comes to at the rate of this moment.
        var rate = 0.0
        var model: PrecopyModel?
        var sent = 0.0
        /// Its share of the nominal links, in bytes a second, and the same times milliseconds so
        /// far.
        var link = 0.0
        var linkTime = 0.0
        /// Milliseconds that it has copied.
        var copied = 0.0

        var milliseconds: Double { left * Double(model?.volume.count ?? 0) / rate * 1000 }
    }

    let tasks: [Task]
    /// Mbit/s of each host's link.
    let links: [Int]
    let limits: MigrationLimits
    let options: MigrationOptions

    private(set) var estimates: [StepEstimate]
    /// How each copied, on average.
    private(set) var copying: [Copying]
    private var running: [Running] = []
    /// Migrations at each host, and those of them that copy now, by direction.
    private var busy: [Int]
    private var sending: [Int]
    private var receiving: [Int]
    private var isDone: [Bool]
    private var waiting: [Int]
    private var now = 0.0

    /// `order` is the order of priority; without it that of the tasks.
    init(
        _ tasks: [Task], order: [Int]? = nil, links: [Int], limits: MigrationLimits,
        options: MigrationOptions
    ) {
        self.tasks = tasks
        self.links = links
        self.limits = limits
        self.options = options
        estimates = Array(repeating: StepEstimate(), count: tasks.count)
        copying = Array(repeating: Copying(), count: tasks.count)
        busy = Array(repeating: 0, count: links.count)
        sending = busy
        receiving = busy
        isDone = Array(repeating: false, count: tasks.count)
        waiting = order ?? Array(tasks.indices)
        run()
    }

    var makespanMilliseconds: Int64 { estimates.map(\.endMilliseconds).max() ?? 0 }

    private mutating func run() {
        start()
        while !running.isEmpty {
            for index in running.indices where running[index].fixed <= 0 { share(index) }
            let times = running.map { $0.fixed > 0 ? $0.fixed : $0.milliseconds }
            let step = times.min() ?? 0
            now += step
            for index in running.indices {
                // A millionth of a millisecond apart is the same moment.
                let isOver = times[index] - step < 1e-6
                if running[index].fixed > 0 {
                    running[index].fixed = isOver ? 0 : running[index].fixed - step
                    if isOver { beginCopy(running[index].task) }
                } else {
                    let left = isOver ? 0 : running[index].left * (1 - step / times[index])
                    let volume = Double(running[index].model?.volume.count ?? 0)
                    running[index].sent += (running[index].left - left) * volume
                    running[index].left = left
                    running[index].copied += step
                    running[index].linkTime += step * running[index].link
                }
            }
            finish()
            start()
        }
        precondition(waiting.isEmpty, "steps \(waiting) wait in a circle")
    }

    private mutating func share(_ index: Int) {
        let task = running[index].task
        let nominal = linkShare(of: tasks[task])
        running[index].link = nominal
        let link = nominal * Double(tasks[task].fit.efficiencyPermille) / 1000
        let rate = Self.rate(of: link, limit: options.bandwidth)
        guard rate != running[index].rate else { return }
        running[index].rate = rate
        running[index].model = PrecopyModel(
            memory: tasks[task].memory, dirtyRates: tasks[task].knownDirtyRates,
            rate: Int64(saturating: rate),
            widest: Int64(saturating: Self.rate(of: link, limit: options.widestBandwidth)),
            fit: tasks[task].fit, options: options)
    }

    private mutating func finish() {
        for ended in running where ended.fixed <= 0 && ended.left <= 0 {
            let task = ended.task
            isDone[task] = true
            busy[tasks[task].source] -= 1
            busy[tasks[task].target] -= 1
            sending[tasks[task].source] -= 1
            receiving[tasks[task].target] -= 1
            estimates[task].durationMilliseconds =
                max(1, Int64(saturating: now.rounded()) - estimates[task].startMilliseconds)
            estimates[task].downtimeMilliseconds = ended.model?.downtimeMilliseconds ?? 0
            estimates[task].transferred = Bytes(Int64(saturating: ended.sent.rounded()))
            if ended.copied > 0 {
                copying[task] = Copying(
                    rate: ended.sent / ended.copied * 1000, link: ended.linkTime / ended.copied)
            }
        }
        running.removeAll { $0.fixed <= 0 && $0.left <= 0 }
    }

    private mutating func start() {
        guard running.count < limits.fleet else { return }
        var kept = 0
        for (position, task) in waiting.enumerated() {
            guard running.count < limits.fleet else {
                waiting.removeSubrange(kept..<position)
                return
            }
            let (source, target) = (tasks[task].source, tasks[task].target)
            guard busy[source] < limits.perHost, busy[target] < limits.perHost,
                tasks[task].after.allSatisfy({ isDone[$0] })
            else {
                waiting[kept] = task
                kept += 1
                continue
            }
            busy[source] += 1
            busy[target] += 1
            estimates[task].startMilliseconds = Int64(saturating: now.rounded())
            running.append(Running(task: task, fixed: tasks[task].fixed))
        }
        waiting.removeSubrange(kept...)
    }

    private mutating func beginCopy(_ task: Int) {
        sending[tasks[task].source] += 1
        receiving[tasks[task].target] += 1
    }

    /// Bytes a second of the links that are a migration's: its share of the narrower end.
    private func linkShare(of task: Task) -> Double {
        let shares = [
            Self.bytesPerSecond(links[task.source]) / Double(max(1, sending[task.source])),
            Self.bytesPerSecond(links[task.target]) / Double(max(1, receiving[task.target])),
        ]
        return min(shares[0], shares[1])
    }

    /// `limit` in MiB/s.
    static func rate(of link: Double, limit: Int?) -> Double {
        max(1, min(link, limit.map { Double($0) * 1_048_576 } ?? .infinity))
    }

    static func bytesPerSecond(_ linkMbps: Int) -> Double { Double(max(1, linkMbps)) * 125_000 }
}
