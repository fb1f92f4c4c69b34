import ClusterModel
import Execution
import Foundation
import Testing

/// The journal's format: what was written must be read again, by this version and by later ones.
struct JournalEventTests {
    static let events: [JournalEvent] = [
        .taken(process: 42, goal: .rollback),
        .planned(Example.plan([Example.step(1)]), goal: .forward),
        .intent(1, attempt: 2, persistent: true, autostart: false),
        .preparing(
            1,
            StepPreparation(
                images: [
                    DiskImage(
                        disk: "vda", path: "/local/a.qcow2", pool: "local", volume: "a.qcow2",
                        format: "qcow2", capacity: 16, length: 8, allocation: 4,
                        backingPath: "/local/base", backingFormat: "raw")
                ], wasRunning: true)),
        .preparing(2, StepPreparation(wasRunning: false)), .cleared(1),
        .made(1, path: "/srv/\"a\".qcow2"), .askedToShutDown(1), .upAgain(1),
        .settling(1, .removeTargetImages),
        .attemptFailed(1, attempt: 2, error: "Lost connection to \"host2\""),
        .settling(1, .destroyPausedSource), .settling(1, .resumePostcopy),
        .adjusting(1, .allowDowntime(milliseconds: 450), reason: "too busy"),
        .adjusting(1, .allowBandwidth(mebibytesPerSecond: 200), reason: ""),
        .adjusting(1, .startPostcopy, reason: "x"), .adjusting(1, .suspendGuest, reason: "x"),
        .arrived(
            1, MigrationStatistics(durationMilliseconds: 5000, downtimeMilliseconds: 30),
            note: "ü"),
        .arrived(1, nil, note: nil), .skipped(1, reason: "was shut down"),
        .failed(1, error: "no"), .stopping(reason: "asked to"),
        .ended(RunOutcome(.halted, reason: "split brain")), .ended(RunOutcome(.done)),
    ]

    @Test(arguments: events)
    func `an event survives its journal`(event: JournalEvent) throws {
        let record = JournalRecord(sequence: 7, at: Timestamp(seconds: 1), event: event)
        let data = try JSONEncoder().encode(record)
        #expect(try JSONDecoder().decode(JournalRecord.self, from: data) == record)
    }
}
