/// How one domain appears on one host at one moment: what decides who owns it.
///
/// Source: libvirt-domain.h (virDomainState and its reasons); `docs/libvirt-facts.md`.
package struct DomainSighting: Hashable, Codable, Sendable {
    package enum Presence: String, Hashable, Codable, Sendable, CaseIterable {
        /// The host was asked and does not know the domain.
        case absent
        /// Defined, no QEMU process.
        case inactive
        /// The guest executes here.
        case running
        /// A QEMU process that a migration paused at its source (PAUSED/MIGRATION), or an incoming
        /// one that has not started yet.
        case pausedByMigration = "paused-by-migration"
        /// Paused for another reason: by a person, by an I/O error, or because it was paused
        /// before it moved.
        case paused
        /// Post-copy lost its link: half of the guest's memory is on the other host.
        case postcopyFailed = "postcopy-failed"
        /// The host did not answer: nothing is known.
        case unknown

        /// The guest itself, running or paused by somebody; not what a migration left or prepared.
        package var isGuest: Bool { self == .running || self == .paused }
    }

    /// Why a domain that its host knows does not run, as far as the host remembers.
    package enum Cause: String, Hashable, Codable, Sendable {
        /// It was shut down or paused, by a person or from inside.
        case intent
        /// It crashed, or an error paused it.
        case fault
        /// A migration took it away; its definition alone was left here.
        case left
        /// Nothing tells: it never ran here, or the host or its libvirtd was started since.
        case unknown
    }

    package var presence: Presence
    package var isPersistent: Bool
    package var autostart: Bool
    /// A migration job is under way here, out or in.
    package var jobActive: Bool
    /// Of one that is inactive or paused.
    package var cause: Cause
    /// Its memory is saved here, and it goes on from that when it is started (managed save).
    package var hasSavedState = false
    /// It stands still because its memory is being saved.
    package var isBeingSaved = false
    /// Why `unknown`, or libvirt's state and reason in words.
    package var detail: String

    package init(
        _ presence: Presence, isPersistent: Bool = false, autostart: Bool = false,
        jobActive: Bool = false, cause: Cause = .unknown, detail: String = ""
    ) {
        self.presence = presence
        self.isPersistent = isPersistent
        self.autostart = autostart
        self.jobActive = jobActive
        self.cause = cause
        self.detail = detail
    }
}
