import ClusterModel

/// The run told line by line, for whoever has to understand it.
extension VirtualRun {
    /// A line that repeats the one before is written once, and counted.
    mutating func tell(_ line: @autoclosure () -> String) {
        guard isTold else { return }
        let line = line()
        if lately.contains(line) {
            untold += 1
            return
        }
        if untold > 0 {
            let count =
                untold == 1 ? "1 more check or attempt" : "\(untold) more checks and attempts"
            story.append("\(log.clock(world.now)) (no news in \(count))")
            untold = 0
        }
        lately = lately.suffix(3) + [line]
        story.append("\(log.clock(world.now)) \(line)")
    }

    /// Scheduled faults that have struck since.
    mutating func tellFaults(since waiting: [ScheduledFault]) {
        var left = world.schedule
        let log = log
        for item in waiting {
            // One that waited for an end may only have been put off.
            if let index = left.firstIndex(where: { $0.fault == item.fault }) {
                left.remove(at: index)
            } else {
                tell("FAULT: \(log.words(item.fault))")
            }
        }
    }
}
