import Foundation
import Glibc

/// The simulated world on disk, shared by processes that run one after the other or at once:
/// changes under a lock, and the whole file is replaced at once, so that kill -9 leaves the old or
/// the new.
struct FleetFile: Sendable {
    let path: String

    /// What tells one version of the file from another.
    struct Version: Hashable {
        var device: UInt
        var inode: UInt
        var seconds: Int
        var nanoseconds: Int
    }

    func version() throws(FleetFileError) -> Version {
        var info = stat()
        guard stat(path, &info) == 0 else { throw failure("cannot be read") }
        return Version(
            device: UInt(info.st_dev), inode: UInt(info.st_ino), seconds: info.st_mtim.tv_sec,
            nanoseconds: info.st_mtim.tv_nsec)
    }

    func read() throws(FleetFileError) -> SimulatedWorld {
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            return try JSONDecoder().decode(SimulatedWorld.self, from: data)
        } catch let error as DecodingError {
            throw FleetFileError(path: path, message: "is damaged: \(Self.words(error))")
        } catch {
            throw failure("cannot be read")
        }
    }

    /// Sorted keys and one line a value: a person can read it, and two versions compare.
    static func encode(_ world: SimulatedWorld) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(world)
    }

    func write(_ world: SimulatedWorld) throws(FleetFileError) {
        let draft = "\(path).\(getpid()).new"
        do {
            try Self.encode(world).write(to: URL(fileURLWithPath: draft))
        } catch {
            throw failure("cannot be written")
        }
        guard rename(draft, path) == 0 else {
            let error = failure("cannot be written")
            unlink(draft)
            throw error
        }
    }

    /// Holds the lock while `body` runs. The lock is its own file: the fleet's is replaced.
    func locked<Value>(
        _ body: () throws(FleetFileError) -> Value
    ) throws(FleetFileError) -> Value {
        let descriptor = open("\(path).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("cannot be locked") }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw failure("cannot be locked") }
        }
        return try body()
    }

    private func failure(_ what: String) -> FleetFileError {
        FleetFileError(path: path, message: "\(what): \(String(cString: strerror(errno)))")
    }

    private static func words(_ error: DecodingError) -> String {
        let (context, detail): (DecodingError.Context, String) =
            switch error {
            case .keyNotFound(let key, let context): (context, "'\(key.stringValue)' is missing")
            case .typeMismatch(let type, let context): (context, "\(type) expected")
            case .valueNotFound(let type, let context): (context, "\(type) expected")
            case .dataCorrupted(let context): (context, context.debugDescription)
            @unknown default: (.init(codingPath: [], debugDescription: ""), "\(error)")
            }
        let place = context.codingPath.map { $0.intValue.map { "\($0)" } ?? $0.stringValue }
        return place.isEmpty ? detail : "\(detail) at \(place.joined(separator: "."))"
    }
}
