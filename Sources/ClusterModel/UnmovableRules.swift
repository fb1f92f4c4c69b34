/// What a drain does with a guest that cannot be moved at all: not for want of room, and not only
/// for the moment.
package enum UnmovableAction: String, Hashable, Codable, Sendable, CaseIterable {
    /// It keeps running where it is, and so the host is not empty.
    case stay
    /// It is shut down where it is, and started again when its host is returned.
    case shutdown
    /// Its memory is saved on its host, and restored when that is returned.
    case save
    /// It moves cold, where only a live migration is out of the question.
    case cold
}

/// Which guests are treated how. The metadata of a guest comes first, then the first rule that
/// names it, then what holds for all others.
package struct UnmovableRules: Hashable, Codable, Sendable {
    package struct Rule: Hashable, Codable, Sendable {
        /// Names, with `*` and `?`.
        package var domains: [String]
        package var action: UnmovableAction

        package init(_ action: UnmovableAction, _ domains: [String]) {
            self.domains = domains
            self.action = action
        }
    }

    package var rules: [Rule]
    package var others: UnmovableAction
    /// What metadata asks for does not count either; nil where it does.
    package var ignoresMetadata: Bool?

    package init(
        _ others: UnmovableAction = .stay, rules: [Rule] = [], ignoresMetadata: Bool? = nil
    ) {
        self.rules = rules
        self.others = others
        self.ignoresMetadata = ignoresMetadata
    }

    /// Nobody is shut down, saved or moved cold for being unmovable: for whoever empties a host and
    /// may not come back to start guests again.
    package static let off = UnmovableRules(ignoresMetadata: true)

    /// For people: `shutdown (gpu*); others stay`.
    package var text: String {
        let lists = rules.map { "\($0.action.rawValue) (\($0.domains.joined(separator: ", ")))" }
        return (lists + [(lists.isEmpty ? "" : "others ") + others.rawValue])
            .joined(separator: "; ")
    }
}

extension Blocker.Reason {
    /// Will it be the same tomorrow, whatever runs where, so that a guest which is to be moved for
    /// maintenance cannot be? What passes, what is full and what somebody else decides is not.
    package var isLasting: Bool {
        switch self {
        case .hostDevice, .snapshot, .sharedFilesystem, .sharedMemory, .vdpa, .tpm, .localStorage,
            .storageUnknown, .network, .cpuModel, .machineType, .architecture, .firmware, .device,
            .security, .numa, .pinned, .ban:
            true
        case .blockJob, .transientDisk, .state, .busy, .memory, .cpu, .hugePages, .domainLimit,
            .affinity, .antiAffinity, .excluded, .managed, .maintenance, .unreachable,
            .sameHostUUID, .sameName, .ordering, .nPlusOne, .convergence, .deadline, .other:
            false
        }
    }

    /// Is it about moves alone, so that libvirt saves the memory of such a guest all the same?
    ///
    /// Source: libvirt 9.0.0 `qemuMigrationSrcIsAllowed` with `remote` false.
    package var allowsSaving: Bool { self == .snapshot || self == .pinned || self == .ban }
}
