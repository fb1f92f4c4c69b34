/// A guest that a run stopped where it was, and that is to run there again.
package struct StoppedGuest: Hashable, Codable, Sendable {
    package var domain: DomainID
    package var host: HostName
    /// Its memory was saved; else it was shut down.
    package var isSaved: Bool

    package init(_ domain: DomainID, on host: HostName, isSaved: Bool) {
        self.domain = domain
        self.host = host
        self.isSaved = isSaved
    }
}

extension Step.Mode {
    /// The guest stays on its host, and is stopped or started there.
    package var isInPlace: Bool { stopsInPlace || startsInPlace }

    /// It is down from then on, until its host is returned.
    package var stopsInPlace: Bool {
        switch self {
        case .shutdown, .save: true
        case .live, .offline, .storage, .start, .restore: false
        }
    }

    package var startsInPlace: Bool {
        switch self {
        case .start, .restore: true
        case .live, .offline, .storage, .shutdown, .save: false
        }
    }

    /// No libvirt job of a migration shows how far it is.
    package var hasNoMigrationJob: Bool { self == .offline || isInPlace }
}

extension MigrationPlan {
    /// The steps that take a domain to another host.
    package var migrationSteps: [Step] { steps.filter { !$0.mode.isInPlace } }
    /// The others: guests that are stopped or started where they are.
    package var inPlaceSteps: [Step] { steps.filter(\.mode.isInPlace) }
}
