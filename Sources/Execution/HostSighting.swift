package import ClusterModel

/// What one look at a whole host finds, at the end of a run that was to empty it.
package struct HostSighting: Hashable, Sendable {
    package var host: HostName
    /// Names of the domains that have a process there, whatever state they are in; nil when the
    /// host did not answer.
    package var guests: [String]?
    /// Why it did not answer.
    package var detail: String

    package init(_ host: HostName, guests: [String]?, detail: String = "") {
        self.host = host
        self.guests = guests
        self.detail = detail
    }

    /// The same without those that were left out of the drain of this host.
    func without(_ excepted: [NamedDomain]) -> HostSighting {
        var sighting = self
        sighting.guests?.removeAll { guest in
            excepted.contains { $0.host == host && $0.name == guest }
        }
        return sighting
    }

    /// Who of them is still there, in words; nil where nobody is. No complaint, but no empty host
    /// either.
    func leftOut(_ excepted: [NamedDomain]) -> String? {
        let rest = Set(without(excepted).guests ?? [])
        let names = (guests ?? []).filter { !rest.contains($0) }.sorted().map { "'\($0)'" }
        guard !names.isEmpty else { return nil }
        return "\(host) is not empty: \(names.joined(separator: ", ")) "
            + "\(names.count == 1 ? "was" : "were") left out with --except"
    }

    /// What keeps the host from being empty, as far as is known; nil when nothing does.
    var complaint: String? {
        guard let guests else {
            return "\(host) does not say whether it is empty: \(detail)"
        }
        guard !guests.isEmpty else { return nil }
        let names = guests.sorted().map { "'\($0)'" }.joined(separator: ", ")
        return "\(host) is not empty: \(names) \(guests.count == 1 ? "runs" : "run") there"
    }
}
