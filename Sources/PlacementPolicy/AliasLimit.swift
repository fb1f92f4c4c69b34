/// Keeps a short file from standing for an endless one: an alias (`*name`) repeats what its anchor
/// stands for, which may hold aliases again, and so each line can multiply what there is.
///
/// A file of ours needs few or none. Without this limit ten lines keep the reader busy for hours,
/// because it compares keys to their last leaf.
enum AliasLimit {
    static let most = 20

    /// Counts what looks like an alias: a star that begins a word. Neither quotes nor comments are
    /// looked for, as one that is taken for what it is not would hide what follows: some stars in
    /// them count too, and no file of ours has twenty of those.
    static func check(_ yaml: String) throws(PolicyError) {
        var (count, line, before, isStar) = (0, 1, UInt8(ascii: "\n"), false)
        for byte in yaml.utf8 {
            if isStar, isOfAName(byte) {
                count += 1
                guard count <= most else {
                    throw PolicyError(
                        "more than \(most) aliases (words such as '*name'): write out what they "
                            + "stand for", line: line, column: 1)
                }
            }
            if byte == UInt8(ascii: "\n") { line += 1 }
            isStar = byte == UInt8(ascii: "*") && !isInsideAWord(before)
            before = byte
        }
    }

    /// What a star may stand behind and not begin a word: letters, digits and the marks of
    /// patterns, paths and quotes. The last bytes of the wide breaks of a line (U+0085, U+2028,
    /// U+2029) are none of them, though other letters end in them too.
    private static func isInsideAWord(_ byte: UInt8) -> Bool {
        if byte >= 0x80 { return ![0x85, 0xA8, 0xA9].contains(byte) }
        return isOfAName(byte) || marks.contains(byte)
    }

    private static let marks = Set(".*/'\"\\".utf8)

    /// As the YAML reader has names of anchors.
    private static func isOfAName(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (97...122).contains(byte | 0x20)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
}
