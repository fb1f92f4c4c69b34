package import ClusterModel

/// Tries every assignment there is: the oracle for small drains. Knows nothing but the question
/// whether a placement is allowed.
package struct ExhaustiveDrain {
    private let choices: [[HostName]]
    private let isAllowed: ([HostName]) -> Bool

    /// `choices` lists for each domain where it may be; the whole assignment is then looked at.
    package init(choices: [[HostName]], isAllowed: @escaping ([HostName]) -> Bool) {
        self.choices = choices
        self.isAllowed = isAllowed
    }

    package var size: Int {
        choices.reduce(1) { $0.multipliedReportingOverflow(by: $1.count).partialValue }
    }

    package func exists() -> Bool {
        var assignment: [HostName] = []
        return extend(&assignment)
    }

    private func extend(_ assignment: inout [HostName]) -> Bool {
        guard assignment.count < choices.count else { return isAllowed(assignment) }
        for host in choices[assignment.count] {
            assignment.append(host)
            if extend(&assignment) { return true }
            assignment.removeLast()
        }
        return false
    }
}
