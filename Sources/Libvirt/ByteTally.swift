/// A checksum of a file that tells neither in what pieces it came nor where it has holes: zeroes
/// count for nothing, whether they were written or not.
///
/// It is to find what was lost or damaged on the way, not what somebody forged.
struct ByteTally: Equatable {
    private(set) var sum: UInt64 = 0
    private(set) var length: Int64 = 0
    private var word: UInt64 = 0

    /// Each word of eight bytes is mixed with its place; the order of adding does not matter.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var index = 0
        while index < bytes.count, length % 8 != 0 {
            add(byte: bytes[index])
            index += 1
        }
        while index + 8 <= bytes.count {
            let value = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if value != 0 { sum &+= Self.mixed(UInt64(littleEndian: value), at: length) }
            length += 8
            index += 8
        }
        while index < bytes.count {
            add(byte: bytes[index])
            index += 1
        }
    }

    /// A hole ends a word that was begun: the rest of it is zero.
    mutating func addHole(of count: Int64) {
        let rest = (8 - length % 8) % 8
        for _ in 0..<min(rest, count) { add(byte: 0) }
        length += max(0, count - rest)
    }

    mutating func finish() {
        let end = length
        while length % 8 != 0 { add(byte: 0) }
        length = end
    }

    private mutating func add(byte: UInt8) {
        word |= UInt64(byte) << UInt64(8 * (length % 8))
        length += 1
        guard length % 8 == 0 else { return }
        if word != 0 { sum &+= Self.mixed(word, at: length - 8) }
        word = 0
    }

    /// For people, and to be compared: equal files have equal texts.
    var text: String { "\(length) bytes, \(String(sum, radix: 16))" }

    /// The finisher of SplitMix64, which spreads every bit over the whole word.
    private static func mixed(_ value: UInt64, at place: Int64) -> UInt64 {
        var mixed = value &+ UInt64(bitPattern: place) &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
