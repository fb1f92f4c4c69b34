internal import CLibvirt
import ClusterModel
import HypervisorInterface

/// The bytes of a volume on their way through libvirt, from or to a host. Blocking, with holes kept
/// as holes.
final class VolumeStream {
    /// A piece of a file.
    enum Piece {
        case data(Int)
        case hole(Int64)
        case end
    }

    private let pointer: virStreamPtr
    private var isOpen = true

    private init(on connection: ConnectionHandle) throws(LibvirtFailure) {
        pointer = try checked(connection.use { virStreamNew($0, 0) })
    }

    static func reading(
        _ volume: VolumeHandle, on connection: ConnectionHandle
    ) throws(LibvirtFailure) -> VolumeStream {
        let stream = try VolumeStream(on: connection)
        let flags = VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM.rawValue
        try checked(volume.use { virStorageVolDownload($0, stream.pointer, 0, 0, flags) })
        return stream
    }

    /// So many bytes from there on, holes as zeros.
    static func reading(
        _ volume: VolumeHandle, from offset: Int64, count: Int64, on connection: ConnectionHandle
    ) throws(LibvirtFailure) -> VolumeStream {
        let stream = try VolumeStream(on: connection)
        try checked(
            volume.use {
                virStorageVolDownload(
                    $0, stream.pointer, UInt64(clamping: offset), UInt64(clamping: count), 0)
            })
        return stream
    }

    static func writing(
        _ volume: VolumeHandle, length: Int64, on connection: ConnectionHandle
    ) throws(LibvirtFailure) -> VolumeStream {
        let stream = try VolumeStream(on: connection)
        let flags = VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM.rawValue
        try checked(
            volume.use {
                virStorageVolUpload($0, stream.pointer, 0, UInt64(clamping: length), flags)
            })
        return stream
    }

    deinit {
        if isOpen { virStreamAbort(pointer) }
        virStreamFree(pointer)
    }

    func receive(into buffer: UnsafeMutableRawBufferPointer) throws(LibvirtFailure) -> Piece {
        let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
        let count = virStreamRecvFlags(
            pointer, base, buffer.count, VIR_STREAM_RECV_STOP_AT_HOLE.rawValue)
        switch count {
        case 0: return .end
        case -3:
            var length: Int64 = 0
            try checked(virStreamRecvHole(pointer, &length, 0))
            return try Self.hole(length)
        default: return .data(Int(try checked(count)))
        }
    }

    /// Holes are announced and not sent: nothing says that there is a file of that length.
    static func hole(_ length: Int64) throws(LibvirtFailure) -> Piece {
        guard let size = Bytes.plausible(length) else {
            throw LibvirtFailure.refused("a file with a hole of \(length) bytes is impossible")
        }
        return .hole(size.count)
    }

    func send(_ bytes: UnsafeRawBufferPointer) throws(LibvirtFailure) {
        var sent = 0
        while sent < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
            sent += Int(
                try checked(
                    virStreamSend(
                        pointer, rest.baseAddress?.assumingMemoryBound(to: CChar.self),
                        rest.count)))
        }
    }

    func sendHole(of length: Int64) throws(LibvirtFailure) {
        try checked(virStreamSendHole(pointer, length, 0))
    }

    /// The end of it: an error that the other side met comes to light here.
    func finish() throws(LibvirtFailure) {
        isOpen = false
        try checked(virStreamFinish(pointer))
    }
}

extension VolumeHandle {
    /// What tells its file from others without reading all of it: length and a checksum of up to 33
    /// pieces of 64 KiB from its beginning to its end.
    func fingerprint(on connection: ConnectionHandle) throws -> String {
        let (length, piece) = (try sizes().length.count, Int64(65536))
        let last = max(0, length - piece)
        let offsets = Set((0...32).map { last / 32 * $0 } + [last]).sorted()
        var tally = ByteTally()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(piece), alignment: 16)
        defer { buffer.deallocate() }
        for offset in offsets {
            let stream = try VolumeStream.reading(
                self, from: offset, count: min(piece, length - offset), on: connection)
            while case .data(let count) = try stream.receive(into: buffer) {
                tally.add(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
            try stream.finish()
        }
        tally.finish()
        return "\(length) bytes, \(String(tally.sum, radix: 16))"
    }
}

/// Copies one volume's file to another host, and tells whether the same arrived.
struct VolumeCopy {
    let source: ConnectionHandle
    let target: ConnectionHandle
    var control: (any CancellableProgress)?

    /// libvirt sends up to 256 KiB in one message less its head.
    private static let pieceSize = 256 * 1024 - 24

    func run(_ from: VolumeHandle, _ to: VolumeHandle, length: Int64) throws -> ByteTally {
        let input = try VolumeStream.reading(from, on: source)
        let output = try VolumeStream.writing(to, length: length, on: target)
        let tally = try pass(input, to: output)
        try output.finish()
        try input.finish()
        return tally
    }

    /// What the file of an image holds on either host; nil where there is none.
    func tally(of image: DiskImage, on connection: ConnectionHandle) throws -> ByteTally? {
        if try TPMState.hasNoPlace(for: image, connection) { return nil }
        return try connection.withPool(showing: image.folder) { pool in
            try pool.volume(image.volume).map { try tally(of: $0, on: connection) }
        }
    }

    func tally(of volume: VolumeHandle, on connection: ConnectionHandle) throws -> ByteTally {
        let input = try VolumeStream.reading(volume, on: connection)
        let tally = try pass(input, to: nil)
        try input.finish()
        return tally
    }

    private func pass(_ input: VolumeStream, to output: VolumeStream?) throws -> ByteTally {
        var tally = ByteTally()
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.pieceSize, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            guard control?.isCancelled != true else {
                throw LibvirtFailure.refused("the copy was aborted")
            }
            guard tally.length <= Plausible.memory.count else {
                throw LibvirtFailure.refused("a file of \(tally.length) bytes is impossible")
            }
            switch try input.receive(into: buffer) {
            case .end:
                tally.finish()
                return tally
            case .hole(let count):
                tally.addHole(of: count)
                try output?.sendHole(of: count)
                control?.advance(by: Int(clamping: count))
            case .data(let count):
                let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                tally.add(bytes)
                try output?.send(bytes)
                control?.advance(by: count)
            }
        }
    }
}
