import ClusterModel
import Testing

@testable import Libvirt

@Suite("The checksum of a copy")
struct ByteTallyTests {
    private func tally(_ pieces: [[UInt8]], holes: Set<Int> = []) -> ByteTally {
        var tally = ByteTally()
        for (index, piece) in pieces.enumerated() {
            if holes.contains(index) {
                tally.addHole(of: Int64(piece.count))
            } else {
                piece.withUnsafeBytes { tally.add($0) }
            }
        }
        tally.finish()
        return tally
    }

    @Test("It does not depend on the pieces, nor on what is a hole")
    func pieces() {
        let bytes = (0..<100).map { UInt8($0 &* 37 & 255) }
        let zeroes = [UInt8](repeating: 0, count: 53)
        let whole = tally([bytes + zeroes + bytes])
        #expect(tally([bytes, zeroes, bytes]) == whole)
        #expect(tally([bytes, zeroes, bytes], holes: [1]) == whole)
        for cut in 1..<100 {
            #expect(
                tally([Array(bytes[..<cut]), Array(bytes[cut...]), zeroes, bytes], holes: [2])
                    == whole)
        }
    }

    @Test("Holes and sizes that no file has are refused before they are added up")
    func absurd() throws {
        for length in [-1, Int64.min, Int64.max, Int64(1) << 62] {
            #expect(throws: LibvirtFailure.self) { try VolumeStream.hole(length) }
        }
        guard case .hole(4096) = try VolumeStream.hole(4096) else {
            Issue.record("an ordinary hole")
            return
        }
        for size in [UInt64.max, 1 << 63, 1 << 62] {
            #expect(throws: LibvirtFailure.self) { try VolumeHandle.size(size, of: "vm1.img") }
        }
        #expect(try VolumeHandle.size(4096, of: "vm1.img") == 4096)
    }

    @Test("It sees one bit, two words exchanged, and a length")
    func damage() {
        let bytes = (0..<64).map { UInt8($0 + 1) }
        let whole = tally([bytes])
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 1
            #expect(tally([damaged]) != whole)
        }
        #expect(tally([Array(bytes[8..<16] + bytes[0..<8] + bytes[16...])]) != whole)
        #expect(tally([bytes, [0]]) != whole)
        #expect(tally([bytes, [0]], holes: [1]) == tally([bytes, [0]]))
    }
}
