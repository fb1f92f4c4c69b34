package import ClusterModel

/// What is true of guests and their files and no host shows. A world in which nothing moves cold
/// and no images are followed has none.
struct WorldTruth: Hashable, Codable, Sendable {
    /// A guest that has heard that it is to shut down.
    struct PendingDown: Hashable, Codable, Sendable {
        var domain: DomainID
        /// nil while it is paused and can do nothing.
        var until: Timestamp?
    }

    /// A place in the files of a host.
    struct Place: Hashable, Codable, Sendable {
        var host: HostName
        var path: String
    }

    /// A domain that does not start on a host, for a reason that no fact of either tells.
    struct StartFault: Hashable, Codable, Sendable {
        var domain: DomainID
        var host: HostName
    }

    /// The newest version of the data of each followed domain, by UUID and disk.
    var newest: [String: [String: Int64]] = [:]
    /// Where each of them lies, on every host alike.
    var paths: [String: [String: String]] = [:]
    /// What was lost or went two ways by somebody else's doing: nothing more is said of their data.
    var spoiled: Set<DomainID> = []
    /// Guests that we have asked to shut down, or saved, and that were not started since.
    var asked: Set<DomainID> = []
    var downs: [PendingDown] = []
    /// Guests whose memory is being saved, each until that is done; nil where there were none yet.
    var saves: [PendingDown]?
    var strangers: [Place] = []
    var startFaults: [StartFault] = []
    /// How often the connections to a host broke, by name: a stream that was open then is cut.
    var breaks: [String: Int] = [:]
}

extension SimulatedWorld {
    mutating func know(_ change: (inout WorldTruth) -> Void) {
        var known = truth ?? WorldTruth()
        truth = nil
        change(&known)
        truth = known
    }

    /// Is the data of this domain followed?
    package func follows(_ domain: DomainID) -> Bool {
        guard let truth else { return false }
        return truth.newest[domain.rawValue] != nil && !truth.spoiled.contains(domain)
    }

    /// Not so where two guests wrote, where half of one is elsewhere, or where others made it run
    /// from what they found: then there is no newest version.
    package func hasOneTruth(_ domain: DomainID) -> Bool {
        guard follows(domain) else { return false }
        guard !fates.isEmpty else { return true }
        let fates = fates(of: domain)
        return !fates.contains(.splitBrain) && !fates.contains(.cutInTwo)
    }

    /// The version that the guest wrote last.
    package func newest(_ disk: String, of domain: DomainID) -> Int64? {
        truth?.newest[domain.rawValue]?[disk]
    }

    /// Was it asked to shut down by us, and not started since?
    package func wasAsked(_ domain: DomainID) -> Bool {
        truth?.asked.contains(domain) ?? false
    }
}
