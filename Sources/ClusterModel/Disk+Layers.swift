/// Base images, which stand as disks of their own behind the disk that lies over them.
extension Disk {
    /// What the base image that is so many layers under a disk is called: `vda backing 1`.
    package static func target(ofBase number: Int, under disk: String) -> String {
        "\(disk) backing \(number)"
    }

    /// The disk that lies over this base image; nil for a disk that is none.
    package var overlay: String? {
        let words = target.split(separator: " ")
        return words.count == 3 && words[1] == "backing" ? String(words[0]) : nil
    }
}
