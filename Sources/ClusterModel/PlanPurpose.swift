/// What the timer made a plan for. It stays with the plan, so that what is planned again in its
/// place keeps to it.
package struct PlanPurpose: Hashable, Codable, Sendable {
    /// What is wanted.
    package enum Aim: String, Hashable, Codable, Sendable {
        /// Hosts that are overloaded now come below their limits, and nothing more.
        case relieveOverload = "relief"
        /// The same for hosts that would be overloaded at a time of the days to come.
        case relieveForecast = "ahead"
        case evenOut = "evening"
        case consolidate = "emptying"

        /// The others have their own time.
        package var isTriedAtEveryObservation: Bool { self == .relieveOverload || self == .evenOut }
    }

    package var aim: Aim
    package var reason: String
    /// Hosts were judged by the mean of this many seconds; nil where only the newest figures were
    /// there.
    package var overSeconds: Int64?

    private enum CodingKeys: String, CodingKey {
        case aim, reason
        case overSeconds = "over_seconds"
    }

    package init(aim: Aim, reason: String, overSeconds: Int64? = nil) {
        self.aim = aim
        self.reason = reason
        self.overSeconds = overSeconds
    }
}
