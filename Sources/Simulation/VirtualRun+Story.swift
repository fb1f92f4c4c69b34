import ClusterModel

/// The run told line by line, for whoever has to understand it.
extension VirtualRun {
    mutating func tell(_ line: @autoclosure () -> String) {
        guard isTold else { return }
        story.append("\(narrator.clock(world.now)) \(line())")
    }

    /// Scheduled faults that have struck since.
    mutating func tellFaults(since waiting: [ScheduledFault]) {
        var left = world.schedule
        let narrator = narrator
        for item in waiting {
            if let index = left.firstIndex(of: item) {
                left.remove(at: index)
            } else {
                tell("FAULT: \(narrator.words(item.fault))")
            }
        }
    }
}
