import Foundation
import Testing

/// Single guests on real hosts: where they were sent, and back.
@Suite(.needsLab, .timeLimit(.minutes(10)))
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
            let except = try lab.kvmbalance("drain", "host1", "--except", "gone1", "--yes")
            #expect(except.status == 0, "\(except.text)")
            #expect(except.output.contains("'gone1' was left out with --except"), "\(except.text)")
            #expect(try lab.guests(on: "host1") == ["gone1"])
            try lab.expectAllWell()
        }
    }
}
