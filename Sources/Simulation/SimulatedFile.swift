package import ClusterModel

/// A file on a simulated host: whose data it holds, how new they are, and whether a loss of power
/// would take them.
package struct SimulatedFile: Hashable, Codable, Sendable {
    /// Who made it.
    package enum Maker: String, Hashable, Codable, Sendable {
        /// It belongs to its domain: from the beginning, or since a guest ran from it.
        case domain
        /// An image keeper made it for a step, and no guest has run from it yet.
        case keeper
        /// libvirt made it for a domain that arrived.
        case libvirt
        /// Somebody who knows nothing of us.
        case stranger
    }

    /// A guest's data at one moment: the higher the version, the newer they are.
    package struct Content: Hashable, Codable, Sendable {
        package var domain: DomainID
        /// `vda`, or `DiskImage.firmware`, or `DiskImage.tpm`.
        package var disk: String
        package var version: Int64
    }

    package var maker: Maker
    /// nil for an empty file and for a stranger's.
    package var content: Content?
    /// No hole where data should be.
    package var isWhole = true
    package var length: Bytes
    package var madeAt: Timestamp
    /// Until then a part of it is in the page cache alone; nil where all of it is on the disk.
    package var durableFrom: Timestamp?
    /// The version that it was made from: what another copy must have at least to stand in for it.
    package var madeFrom: Int64 = 0
    /// A live migration brought it, and libvirt has deleted the source's.
    var isCarried: Bool?

    package init(maker: Maker, content: Content?, length: Bytes, madeAt: Timestamp) {
        self.maker = maker
        self.content = content
        self.length = length
        self.madeAt = madeAt
        madeFrom = content?.version ?? 0
    }

    package func isDurable(at time: Timestamp) -> Bool { durableFrom.map { $0 <= time } ?? true }

    func holds(_ domain: DomainID, _ disk: String) -> Bool {
        content?.domain == domain && content?.disk == disk
    }
}

/// A file of a guest that is not where a domain uses it: a copy that was not removed, or an
/// original.
package struct LeftFile: Hashable, Sendable {
    package var host: HostName
    package var path: String
    package var maker: SimulatedFile.Maker
    /// nil for one that was made and never filled.
    package var content: SimulatedFile.Content?
}
