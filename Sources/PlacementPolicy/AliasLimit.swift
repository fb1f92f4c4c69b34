/// Keeps a short file from standing for an endless one: an alias (`*name`) repeats what its anchor
/// stands for, which may hold aliases again, and so each line can multiply what there is.
///
/// A file of ours needs few or none. Without this limit ten lines keep the reader busy for hours,
/// because it compares keys to their last leaf.
enum AliasLimit {
    static let most = 20

    /// Counts what looks like an alias. In quotes or comments some may be counted that are none,
    /// and no file of ours has twenty of them.
    static func check(_ yaml: String) throws(PolicyError) {
        var count = 0
        for (number, line) in yaml.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            guard line.utf8.contains(UInt8(ascii: "*")) else { continue }
            count += aliases(in: line)
            guard count <= most else {
                throw PolicyError(
                    "more than \(most) aliases (words such as '*name'): write out what they stand "
                        + "for", line: number + 1, column: 1)
            }
        }
    }

    private static func aliases(in line: Substring) -> Int {
        var count = 0
        var before: UInt8 = UInt8(ascii: " ")
        var isStar = false
        for byte in line.utf8 {
            if isStar, isOfAName(byte) { count += 1 }
            // A comment runs to the end of its line.
            if byte == UInt8(ascii: "#"), isBlank(before) { return count }
            isStar = byte == UInt8(ascii: "*") && (isBlank(before) || brackets.contains(before))
            before = byte
        }
        return count
    }

    private static let brackets = Set("[{,".utf8)

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func isOfAName(_ byte: UInt8) -> Bool {
        !isBlank(byte) && !Set("*,]}[{\"'".utf8).contains(byte)
    }
}
