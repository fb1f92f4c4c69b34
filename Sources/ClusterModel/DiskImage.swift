/// An image that a step copies: what it is on the source, and what is made of it on the target,
/// under the same path in the pool of the same name.
package struct DiskImage: Hashable, Codable, Sendable {
    /// The disk in the domain's XML (`vda`), `nvram` for its UEFI variables, or `tpm` for a file of
    /// its emulated TPM's state.
    package var disk: String
    package var path: String
    /// nil for a folder that no pool of the source covers: one is made for the time of the copy.
    package var pool: String?
    package var volume: String
    /// `raw`, `qcow2`, …
    package var format: String
    /// What the guest sees.
    package var capacity: Bytes
    /// The length of the file: what a copy byte by byte must hold.
    package var length: Bytes
    /// What it takes of its storage.
    package var allocation: Bytes
    /// The base image under it, where only the top layer is copied.
    package var backingPath: String?
    package var backingFormat: String?
    /// All images under it, from the top, each with what tells it from others.
    package var bases: [BaseImage]?

    package static let firmware = "nvram"
    package static let tpm = "tpm"

    package init(
        disk: String, path: String, pool: String?, volume: String, format: String,
        capacity: Bytes, length: Bytes, allocation: Bytes, backingPath: String? = nil,
        backingFormat: String? = nil
    ) {
        self.disk = disk
        self.path = path
        self.pool = pool
        self.volume = volume
        self.format = format
        self.capacity = capacity
        self.length = length
        self.allocation = allocation
        self.backingPath = backingPath
        self.backingFormat = backingFormat
    }

    /// A file of its firmware or of its TPM: what a guest is given afresh where it is missing.
    package var isState: Bool { disk == Self.firmware || disk == Self.tpm }

    /// The folder that its pool shows.
    package var folder: String { Self.folder(of: path) }

    package static func name(of path: String) -> Substring {
        path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
    }

    /// The same path without `//`, `/./` and `/../`, as one that names the same file.
    package static func simplified(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    package static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}

/// A base image that the target must have as well, byte for byte.
package struct BaseImage: Hashable, Codable, Sendable {
    package var path: String
    /// Length and a checksum of all its bytes, or that both hosts have the very same file; empty
    /// until it was compared.
    package var fingerprint: String

    package init(path: String, fingerprint: String = "") {
        self.path = path
        self.fingerprint = fingerprint
    }
}

/// What tells whether a file still is the one that was read before.
package struct FileStamp: Hashable, Codable, Sendable {
    package var length: Bytes
    /// When its bytes, and when anything about it, changed last, in its host's words; nil where
    /// its storage knows no such times, and nothing can be remembered of it.
    package var modified: String?
    package var changed: String?
    /// The shared storage that it lies in: see `StoragePool.identity`.
    package var storage: String?

    package init(
        length: Bytes, modified: String? = nil, changed: String? = nil, storage: String? = nil
    ) {
        self.length = length
        self.modified = modified
        self.changed = changed
        self.storage = storage
    }
}

/// What is written down before a step that copies images or shuts a guest down: from then on what
/// lies under these names on the target is ours, and may be removed with proof.
package struct StepPreparation: Hashable, Codable, Sendable {
    package var images: [DiskImage]
    /// Did the guest run when the step began? One that did is started again, here or there.
    package var wasRunning: Bool
    /// Hosts that did not say, before the guest was shut down, whether they know the domain: that
    /// they do not say it afterwards is nothing new. nil where all answered.
    package var unreachable: [HostName]?

    package init(images: [DiskImage] = [], wasRunning: Bool) {
        self.images = images
        self.wasRunning = wasRunning
    }
}
