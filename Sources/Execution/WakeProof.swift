package import ClusterModel

/// What the two hosts of a step prove of all others, when its guest is to be made to run.
///
/// A persistent domain that was shut down for its move has one definition at every moment, and both
/// hosts were seen. Only a migration by somebody else can have taken it on, and libvirt notes that
/// where the definition was left. So no third host needs to be asked, and one that does not answer
/// keeps no guest down. Of a copy that a migration left paused nothing of that kind is known: its
/// guest may have gone on from the target without a trace.
///
/// Source: virDomainShutoffReason; `docs/libvirt-facts.md`.
package enum WakeProof {
    /// It is off because it ended on this host.
    package static func hasEnded(_ sighting: DomainSighting) -> Bool {
        switch sighting.cause {
        case .intent, .fault: sighting.presence == .inactive
        case .left, .unknown: false
        }
    }

    /// `hasReturned`: this attempt brought the definition back, which libvirt notes nothing of.
    static func isGiven(
        for repair: RepairAction, source: DomainSighting, target: DomainSighting,
        hasReturned: Bool
    ) -> Bool {
        switch repair {
        case .startSource: hasEnded(source) || (hasReturned && source.cause == .unknown)
        // It came there by an offline migration, and nothing is noted of it before it has run.
        case .startTarget: target.cause != .left
        case .destroyPausedSource, .resumeSource, .resumePostcopy, .undefineSource,
            .undefineTarget, .setAutostart, .setSourceAutostart, .returnDefinition,
            .removeTargetImages, .removeSourceImages:
            false
        }
    }

    /// Somebody else has migrated it away from where it is to be started, and left its definition.
    static func hasLeft(
        for repair: RepairAction, source: DomainSighting, target: DomainSighting
    ) -> Bool {
        switch repair {
        case .startSource: source.cause == .left
        case .startTarget: target.cause == .left
        case .destroyPausedSource, .resumeSource, .resumePostcopy, .undefineSource,
            .undefineTarget, .setAutostart, .setSourceAutostart, .returnDefinition,
            .removeTargetImages, .removeSourceImages:
            false
        }
    }
}

/// What hosts that have nothing to do with a step say of its domain.
enum ElsewhereDoubt: Hashable {
    /// One of them knows it.
    case known(String)
    /// One of them does not answer, and did when the step began.
    case silent(String)

    var words: String {
        switch self {
        case .known(let words), .silent(let words): words
        }
    }

    var isSilence: Bool {
        switch self {
        case .known: false
        case .silent: true
        }
    }

    /// A host that runs it, whatever else is proven; nil where none is seen to.
    static func running(in sightings: [HostName: DomainSighting]) -> ElsewhereDoubt? {
        let holder = sightings.sorted { $0.key < $1.key }.first {
            ![.absent, .inactive, .unknown].contains($0.value.presence)
        }
        return holder.map { host, sighting in
            .known("it is not started: on \(host) it is \(sighting.presence.rawValue)")
        }
    }

    /// nil where nobody knows it. Of `excused` nobody expects an answer: they gave none before.
    static func found(
        in sightings: [HostName: DomainSighting], excused: Set<HostName>
    ) -> ElsewhereDoubt? {
        let known = sightings.sorted { $0.key < $1.key }
        let holder = known.first { $0.value.presence != .absent && $0.value.presence != .unknown }
        if let (host, sighting) = holder {
            // A definition alone may be where the guest ran last, and newer than the copy.
            return .known(
                "it cannot be resumed where it is: on \(host) the domain is "
                    + "\(sighting.presence.rawValue) \(sighting.detail)")
        }
        let silent = known.first { $0.value.presence == .unknown && !excused.contains($0.key) }
        return silent.map { host, sighting in
            .silent(
                "it cannot be resumed where it is: on \(host) the domain is unknown "
                    + sighting.detail)
        }
    }
}
