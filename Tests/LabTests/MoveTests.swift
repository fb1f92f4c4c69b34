import Foundation
import Testing

/// Single guests on real hosts: where they were sent, and back.
@Suite(.serialized, .needsLab, .timeLimit(.minutes(10)))
struct MoveTests {
    @Test func aGuestGoesWhereItIsSentAndARollbackBringsItBack() async throws {
        try await withLab("move", hosts: 3) { lab in
            try DrainTests.populate(lab)
            let before = try lab.placement()
            let move = try lab.kvmbalance("move", "db1", "cron 'nightly'", "--to", "host3", "--yes")
            #expect(move.status == 0, "\(move.text)")
            var wanted = before
            for name in ["db1", "cron 'nightly'"] { wanted[name] = "host3" }
            #expect(try lab.placement() == wanted)
            try lab.expectAllWell()
            let again = try lab.kvmbalance("move", "db1", "--to", "host3", "--yes")
            #expect(again.status == 0 && again.output.contains("nothing to do"), "\(again.text)")
            let back = try lab.kvmbalance("runs", "rollback", "1", "--yes")
            #expect(back.status == 0, "\(back.text)")
            #expect(try lab.placement() == before)
            try Self.waitsForABackup(lab)
            let except = try lab.kvmbalance("drain", "host1", "--except", "gone1", "--yes")
            #expect(except.status == 0, "\(except.text)")
            #expect(except.output.contains("'gone1' was left out with --except"), "\(except.text)")
            #expect(try lab.guests(on: "host1") == ["gone1"])
            try lab.expectAllWell()
        }
    }

    /// A backup as backup programs make it (pull mode): under way until the program has read what
    /// it wants and ends it.
    private static func waitsForABackup(_ lab: Lab) throws {
        let file = lab.file("backup.xml")
        try "<domainbackup mode='pull'><server name='127.0.0.1' port='10999'/></domainbackup>"
            .write(toFile: file, atomically: true, encoding: .utf8)
        let begun = try lab.virsh("host1", "backup-begin", "db1", file)
        guard begun.status == 0 else { throw LabError("backup-begin: \(begun.text)") }
        let plan = try lab.json("plan", "move", "db1", "--to", "host3")
        let blockers = try #require(plan["blockers"] as? [[String: Any]], "\(plan)")
        #expect(blockers.map { $0["reason"] as? String } == ["block-job"], "\(plan)")
        let late = try lab.kvmbalance(
            "move", "db1", "--to", "host3", "--yes", "--wait-for-jobs", "2s")
        #expect(late.status == 3 && late.text.contains("to wait are over"), "\(late.text)")
        let waiting = try lab.start(
            "move", "db1", "--to", "host3", "--yes", "--wait-for-jobs", "5m")
        let limit = Date().addingTimeInterval(60)
        while !waiting.errorsSoFar.contains("waiting up to 5 min"), Date() < limit {
            usleep(100_000)
        }
        // Since when: of a job on the domain libvirt tells that.
        #expect(waiting.errorsSoFar.contains("db1: a backup has been running since 20"))
        let ended = try lab.virsh("host1", "domjobabort", "db1")
        #expect(ended.status == 0, "\(ended.text)")
        let moved = try waiting.wait()
        #expect(moved.status == 0, "\(moved.text)")
        #expect(try lab.placement()["db1"] == "host3", "\(moved.text)")
    }
}
