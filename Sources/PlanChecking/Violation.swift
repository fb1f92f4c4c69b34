package import ClusterModel

/// Something a plan does, or would do in some interleaving, that it must not.
package struct Violation: Hashable, Sendable, CustomStringConvertible {
    /// Which rule is broken.
    package enum Rule: String, Hashable, Sendable, CaseIterable {
        case outcome, reference, graph, mobility, target, compatibility
        case capacity, antiAffinity = "anti-affinity", affinity, drain, balance, consolidate,
            blockers
        case nPlusOne = "n-plus-one", reboot, wishes, inPlace = "in-place"
    }

    package var rule: Rule
    package var step: StepID?
    package var host: HostName?
    package var detail: String

    package init(_ rule: Rule, step: StepID? = nil, host: HostName? = nil, _ detail: String) {
        self.rule = rule
        self.step = step
        self.host = host
        self.detail = detail
    }

    package var description: String {
        let place = [step.map { "step \($0)" }, host.map { "on \($0)" }].compactMap { $0 }
        let location = place.isEmpty ? "" : " (\(place.joined(separator: ", ")))"
        return "\(rule.rawValue)\(location): \(detail)"
    }
}
