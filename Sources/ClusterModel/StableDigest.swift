/// FNV-1a with 128 bits: tells two descriptions apart, the same in every process and on every
/// machine.
///
/// It guards against an honest change of the world, not against an adversary. Source: Fowler, Noll,
/// Vo (draft-eastlake-fnv). Linear in the length of the input.
package struct StableDigest: Sendable {
    private var state: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
    private static let prime: UInt128 = 0x0000_0000_0100_0000_0000_0000_0000_013b

    package init() {}

    /// Adds a field; the length goes in too, so that ("ab", "c") and ("a", "bc") differ.
    package mutating func add(_ field: String) {
        for byte in String(field.utf8.count).utf8 { add(byte: byte) }
        add(byte: 0)
        for byte in field.utf8 { add(byte: byte) }
    }

    private mutating func add(byte: UInt8) {
        state = (state ^ UInt128(byte)) &* Self.prime
    }

    /// 32 hexadecimal digits.
    package var hexadecimal: String {
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }
}
