/// The job that works on a domain, as its host tells.
package enum DomainJobKind: Hashable, Sendable {
    case idle
    /// A migration that leaves this host.
    case migrationOut
    case migrationIn
    /// A backup, a dump, a save: somebody else's, whatever we want to end.
    case other(String)

    /// Why it is not ended as a migration of ours; nil where it may be.
    package var refusal: String? {
        switch self {
        case .migrationOut: nil
        case .idle: "no migration leaves this host"
        case .migrationIn: "a migration arrives here, which only its source can stop"
        case .other(let work): "\(work) works on it, and that is not ours to end"
        }
    }
}
