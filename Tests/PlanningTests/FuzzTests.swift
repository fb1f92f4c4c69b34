import Foundation
import TestSupport
import Testing

/// Random problems: the planner against the judge and against exhaustive search, in a debug build,
/// where every incremental score is compared with one that is worked out again.
@Suite struct FuzzTests {
    @Test func `judge and exhaustive search agree with the planner on ten thousand problems`() {
        var run = FuzzRun(placementsAtMost: 100)
        for number in UInt64(1)...10_000 { run.look(at: number) }
        #expect(run.failures == [])
        let kinds: [(name: String, least: Int)] = [
            ("balance: plan", 300), ("drain: plan", 1000), ("return: plan", 200),
            ("rollback: plan", 100), ("drains searched exhaustively: feasible", 500),
            ("drains searched exhaustively: infeasible", 500), ("move: plan", 100),
            ("moves searched exhaustively: feasible", 100),
            ("preferred rules broken", 30),
        ]
        for kind in kinds {
            #expect(run.counts[kind.name, default: 0] >= kind.least, "\(kind): \(run.counts)")
        }
    }

    /// Problems in which the fuzzer once found the planner, or the judge, at fault.
    @Test(arguments: [
        1497, 4595, 5192, 5828, 7486, 7609, 8561, 9296, 17_215, 73_339, 84_054, 149_249, 114_375,
        1_603_609, 1_652_662, 1_935_906, 20_077, 20_108_053, 40_346_240, 80_243_107, 80_296_567,
        80_331_885, 80_566_339,
    ])
    func `what was wrong once is right now`(number: UInt64) {
        var run = FuzzRun(placementsAtMost: 5000)
        run.look(at: number)
        #expect(run.failures == [])
    }

    @Test func `the same problems give the same bytes in two processes`() throws {
        let digests = try (1...2).map { _ in try Self.digest(count: 300) }
        #expect(digests[0].count == 32)
        #expect(digests[0] == digests[1])
    }

    /// What the benchmark program says of a few problems, with its own hash seed.
    private static func digest(count: Int) throws -> String {
        let process = Process()
        process.executableURL = Built.program("kvmbalance-bench")
        process.arguments = ["fuzz", "--count", "\(count)", "--placements", "0"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let last = String(decoding: data, as: UTF8.self).split(separator: "\n").last ?? ""
        let report = try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any]
        return try #require(report?["digest"] as? String)
    }
}
