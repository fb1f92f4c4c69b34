/// Base images, listed as separate disks after the disk that lies over them.
extension Disk {
    /// Name of the base image this many layers below a disk: `vda backing 1`.
    package static func target(ofBase number: Int, under disk: String) -> String {
        "\(disk) backing \(number)"
    }

    /// The disk that lies over this base image; nil for a disk that is none.
    package var overlay: String? {
        let words = target.split(separator: " ")
        return words.count == 3 && words[1] == "backing" ? String(words[0]) : nil
    }
}

extension DomainFacts {
    /// Does one of these disks lie over a base image?
    package func hasBase(underAny targets: [String]) -> Bool {
        disks.contains { $0.overlay.map(targets.contains) ?? false }
    }
}
