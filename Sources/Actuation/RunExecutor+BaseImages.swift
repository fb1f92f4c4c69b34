import ClusterModel
import Execution
import HypervisorInterface

/// Base images that a step relies on without copying them: every byte of them is compared, before
/// the step begins.
///
/// A guest that finds other bytes under its overlay is damaged without a word, and a template that
/// was patched in place has the same length and nearly the same content: no part of it stands for
/// the rest. To read all of it takes minutes, so that it is done once: what was read is remembered
/// until its host says that the file changed.
extension RunExecutor {
    /// Throws where a base differs, or cannot be compared.
    func compareBases(
        of images: inout [DiskImage], _ source: any ImageKeeper, _ target: any ImageKeeper
    ) async throws {
        for index in images.indices {
            for number in (images[index].bases ?? []).indices {
                guard let path = images[index].bases?[number].path else { continue }
                let fingerprint = try await commonFingerprint(
                    of: path, under: images[index].disk, source, target)
                images[index].bases?[number].fingerprint = fingerprint
            }
        }
    }

    private func commonFingerprint(
        of path: String, under disk: String, _ source: any ImageKeeper, _ target: any ImageKeeper
    ) async throws -> String {
        let (here, there) = (try await source.stamp(of: path), try await target.stamp(of: path))
        if let storage = here.storage, storage == there.storage {
            return "one file on \(storage)"
        }
        let what = "the base image \(path) of \(disk)"
        guard here.length == there.length else {
            throw StepFailure(
                "\(what) has \(here.length.count) bytes on \(source.host) and "
                    + "\(there.length.count) on \(target.host). " + Self.remedy)
        }
        // Both hosts read at once.
        let readings = [
            await reading(of: path, here, source), await reading(of: path, there, target),
        ]
        let sums = [try await readings[0].checksum(), try await readings[1].checksum()]
        guard sums[0] == sums[1] else {
            throw StepFailure(
                "\(what) differs: \(source.host) has \(sums[0]), \(target.host) has \(sums[1]), "
                    + "and the guest would read wrong data. " + Self.remedy)
        }
        return sums[0]
    }

    private static let remedy =
        "Copy the source's file there, byte for byte (its guests must be shut down on the target), "
        + "or make one image of both (virsh blockpull) and copy all of it (--copy-storage-all)"

    /// What is known, what another step is reading already, or a new reading.
    private func reading(
        of path: String, _ stamp: FileStamp, _ keeper: any ImageKeeper
    ) async -> FileChecksum {
        let key = FileChecksum.Key(host: keeper.host, path: path)
        if let known = try? await checksums.recall(keeper.host, path), known.holds(for: stamp) {
            return FileChecksum(known.checksum)
        }
        if let under = readings[key], under.stamp == stamp { return under }
        let reading = FileChecksum(stamp)
        readings[key] = reading
        reading.begin(on: clock) { await self.read(key, reading, keeper) }
        return reading
    }

    private func read(
        _ key: FileChecksum.Key, _ reading: FileChecksum, _ keeper: any ImageKeeper
    ) async -> Result<String, any Error> {
        let begun = clock.steady()
        await observer.observe(
            .note(
                "reads all of the base image \(key.path) on \(key.host) "
                    + "(\(reading.stamp.length)), to compare it: once, until it changes"))
        let reports = clock.spawn { await self.report(key, reading, since: begun) }
        defer { reports.cancel() }
        do {
            let sum = try await keeper.checksum(of: key.path, control: reading)
            let after = try await keeper.stamp(of: key.path)
            guard after == reading.stamp else {
                throw StepFailure(
                    "the base image \(key.path) on \(key.host) changed while it was read: find the "
                        + "program that writes to it")
            }
            if after.changed != nil {
                // Where it cannot be kept it is read again the next time.
                try? await checksums.keep(key.host, key.path, KnownChecksum(after, sum))
            }
            let seconds = clock.steady().millisecondsSince(begun) / 1000
            await observer.observe(
                .note("has read \(key.path) on \(key.host) in \(seconds) s"))
            readings[key] = nil
            return .success(sum)
        } catch {
            readings[key] = nil
            return .failure(error)
        }
    }

    /// How far it is, and how long it will take.
    private func report(
        _ key: FileChecksum.Key, _ reading: FileChecksum, since begun: Timestamp
    ) async {
        while !Task.isCancelled {
            do { try await clock.sleep(Self.reportMilliseconds) } catch { return }
            let done = reading.readPermille
            guard !Task.isCancelled, done > 0 else { continue }
            let spent = clock.steady().millisecondsSince(begun)
            let left = spent / 1000 * (1000 - done) / done
            await observer.observe(
                .note("\(key.path) on \(key.host): \(done / 10) % read, about \(left) s left"))
        }
    }

    private static let reportMilliseconds: Int64 = 15_000
}

extension RunEvent {
    /// Whoever wants the run to end does not want to wait until a file is read.
    var endsReadings: Bool {
        switch self {
        case .stop, .abort: true
        case .begin, .looked, .hostsLooked, .guestsLooked, .copiesLooked, .lookedElsewhere,
            .surveyed, .migrationEnded, .askedToShutDown, .made, .settled, .planned, .adjust,
            .adjustFailed, .abortFailed, .nonConverging, .overdue, .stuck, .journalClosed:
            false
        }
    }
}
