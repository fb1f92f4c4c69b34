package import ClusterModel

/// What was asked of a rolling reboot. It is kept, so that whoever resumes it does the same.
package struct RebootRequest: Hashable, Codable, Sendable {
    /// When guests return to the hosts that they left.
    package enum Homecoming: String, Hashable, Codable, Sendable, CaseIterable {
        /// After each round.
        case always
        case never
        /// When all hosts were rebooted.
        case end
    }

    package var hosts: [HostName]
    /// What reboots a host, with `{host}`, `{address}` and `{uri}`; nil waits for a person.
    package var command: String?
    /// What prints a host's boot id, with the same; nil asks the host over ssh.
    package var bootCommand: String?
    /// How long a host may take to come back.
    package var timeoutSeconds: Int64
    /// When a round may begin; nil at any time.
    package var hours: DailyHours?
    package var homecoming: Homecoming
    /// Hosts that cannot be emptied are left out, and named at the end.
    package var bestEffort: Bool
    /// How long jobs on guests are waited for, at the beginning and before each drain; nil not.
    package var jobSeconds: Int64?
    /// A drain without steps, which holds the options that all drains and returns are planned with.
    package var template: MigrationPlan

    package init(
        hosts: [HostName], command: String?, bootCommand: String?, timeoutSeconds: Int64,
        hours: DailyHours?, homecoming: Homecoming, bestEffort: Bool, template: MigrationPlan
    ) {
        self.hosts = hosts
        self.command = command
        self.bootCommand = bootCommand
        self.timeoutSeconds = timeoutSeconds
        self.hours = hours
        self.homecoming = homecoming
        self.bestEffort = bestEffort
        self.template = template
        self.template.steps = []
    }
}

/// Hours of each day, by the clock on the wall: `22:00-06:00` goes over midnight.
package struct DailyHours: Hashable, Codable, Sendable, CustomStringConvertible {
    /// In minutes since midnight.
    package var start: Int
    package var end: Int

    /// nil where it is not like `22:00-06:00`, or begins when it ends.
    package init?(_ text: String) {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(Self.minute)
        guard ends.count == 2, let start = ends[0], let end = ends[1], start != end else {
            return nil
        }
        (self.start, self.end) = (start, end)
    }

    private static func minute(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ (1...2).contains($0.count) }),
            let hour = Int(parts[0]), let minute = Int(parts[1]),
            (0...23).contains(hour)
                || (hour, minute) == (24, 0), (0...59).contains(minute)
        else { return nil }
        return hour % 24 * 60 + minute
    }

    package func contains(_ minute: Int) -> Bool {
        start < end ? (start..<end).contains(minute) : minute >= start || minute < end
    }

    package var description: String { "\(Self.text(start))-\(Self.text(end))" }
    package var startText: String { Self.text(start) }

    private static func text(_ minute: Int) -> String {
        let digits = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
        return "\(digits(minute / 60)):\(digits(minute % 60))"
    }
}
