/// Why an effect of a step failed: the kind for the run machine, the words for people.
package struct StepFailure: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// The source's daemon cannot reach the target's.
        case peerUnreachable
        /// The target accepts no more domains, or that is unknown: nothing was started.
        case targetClosed
        /// Nobody answered: what was ordered may have been done.
        case unanswered
        /// What lies on the target is not what the source has.
        case copyDiffers
        case other
    }

    package var kind: Kind
    package var message: String

    package init(_ message: String, kind: Kind = .other) {
        self.message = message
        self.kind = kind
    }
}
