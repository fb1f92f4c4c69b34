import ClusterModel

/// Predicts when each step starts and ends, by playing the plan: steps start in their order as soon
/// as what they wait for is done and the limits allow; migrations on one link share it evenly.
///
/// Source: fluid processor sharing. O(steps × (running + waiting)) at worst.
struct ScheduleSimulation {
    /// A step as the simulation sees it.
    struct Task {
        var source: Int
        var target: Int
        var memory: Bytes
        var dirtyRate: Bytes?
        var after: [Int]
    }

    private struct Running {
        var task: Int
        /// Work that needs no link: set-up before, hand-over after.
        var fixed: Double
        var bytes: Double
    }

    let tasks: [Task]
    /// Mbit/s of each host's link.
    let links: [Int]
    let limits: MigrationLimits
    /// MiB/s a migration may use.
    let bandwidth: Int?

    private(set) var estimates: [StepEstimate]
    private var running: [Running] = []
    private var busy: [Int]
    private var openWaits: [Int]
    private var isDone: [Bool]
    private var waiting: [Int]
    private var now = 0.0

    init(_ tasks: [Task], links: [Int], limits: MigrationLimits, bandwidth: Int?) {
        self.tasks = tasks
        self.links = links
        self.limits = limits
        self.bandwidth = bandwidth
        estimates = Array(repeating: StepEstimate(), count: tasks.count)
        busy = Array(repeating: 0, count: links.count)
        openWaits = tasks.map(\.after.count)
        isDone = Array(repeating: false, count: tasks.count)
        waiting = Array(tasks.indices)
        run()
    }

    var makespanMilliseconds: Int64 { estimates.map(\.endMilliseconds).max() ?? 0 }

    private mutating func run() {
        start()
        while !running.isEmpty {
            let rates = running.map { rate(of: tasks[$0.task]) }
            let steps = zip(running, rates).map { $0.fixed > 0 ? $0.fixed : $0.bytes / $1 * 1000 }
            let step = steps.min() ?? 0
            now += step
            for index in running.indices {
                if running[index].fixed > 0 {
                    running[index].fixed -= step
                    if running[index].fixed < 0.001 { running[index].fixed = 0 }
                } else {
                    running[index].bytes -= rates[index] * step / 1000
                }
            }
            finish()
            start()
        }
        precondition(waiting.isEmpty, "steps \(waiting) wait in a circle")
    }

    private mutating func finish() {
        let over = running.filter { $0.fixed <= 0 && $0.bytes < 1 }
        running.removeAll { $0.fixed <= 0 && $0.bytes < 1 }
        for ended in over {
            let task = ended.task
            isDone[task] = true
            busy[tasks[task].source] -= 1
            busy[tasks[task].target] -= 1
            estimates[task].durationMilliseconds =
                max(1, Int64(now.rounded()) - estimates[task].startMilliseconds)
        }
    }

    private mutating func start() {
        guard running.count < limits.fleet else { return }
        var stillWaiting: [Int] = []
        for (position, task) in waiting.enumerated() {
            guard running.count < limits.fleet else {
                stillWaiting += waiting[position...]
                break
            }
            let (source, target) = (tasks[task].source, tasks[task].target)
            guard busy[source] < limits.perHost, busy[target] < limits.perHost,
                tasks[task].after.allSatisfy({ isDone[$0] })
            else {
                stillWaiting.append(task)
                continue
            }
            busy[source] += 1
            busy[target] += 1
            begin(task)
        }
        waiting = stillWaiting
    }

    private mutating func begin(_ task: Int) {
        let rate = Int64(rate(of: tasks[task]))
        let model = PrecopyModel(
            memory: tasks[task].memory, dirtyRate: tasks[task].dirtyRate, rate: rate)
        estimates[task].startMilliseconds = Int64(now.rounded())
        estimates[task].downtimeMilliseconds = model.downtimeMilliseconds
        estimates[task].transferred = model.volume
        running.append(
            Running(
                task: task,
                fixed: Double(PrecopyModel.setupMilliseconds + PrecopyModel.switchoverMilliseconds),
                bytes: Double(model.volume.count)))
    }

    /// Bytes a second for a migration under way: the narrower of its two links, evenly shared.
    private func rate(of task: Task) -> Double {
        let shares = [task.source, task.target].map {
            Double(max(1, links[$0])) * 125_000 / Double(max(1, busy[$0]))
        }
        let cap = bandwidth.map { Double($0) * 1_048_576 } ?? Double.infinity
        return max(1, min(shares[0], shares[1], cap))
    }
}
