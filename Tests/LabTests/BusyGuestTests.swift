import Foundation
import Testing

/// A guest that rewrites its memory faster than the link carries it, on real hosts: known before
/// the move, and ended as the policy says.
@Suite(.serialized, .needsLab, .timeLimit(.minutes(10)))
struct BusyGuestTests {
    /// About 8 MB/s, of which the guest could use five times as much.
    private static let mbps = 64
    /// What the planner is told first. A guest that gets little of this machine's CPUs rewrites as
    /// little as 10 MiB/s (seen), and a plan is only refused where far less than was measured would
    /// not converge either.
    private static let narrowMbps = 16

    @Test func aGuestTooBusyForItsLinkEndsAsThePolicySays() async throws {
        try await withLab("busyguest", hosts: 2) { lab in
            try lab.guest(
                "busy", on: "host1", "--memory", "96", "--dirty", "40", "--dirty-size", "24",
                "--wait")
            for host in ["host1", "host2"] { try lab.lab("link", host, "\(Self.mbps)") }
            try await Self.knowsBefore(lab)
            // From here on kvmbalance believes in a faster link, and has to find out.
            try await Self.stops(lab)
            try await Self.slowsDown(lab)
            try await Self.switchesOver(lab)
            try lab.expectAllWell()
        }
    }

    /// The plan is refused with the figures, and with a policy that ends it there is one.
    private static func knowsBefore(_ lab: Lab) async throws {
        let believed = try String(contentsOfFile: lab.configFile, encoding: .utf8)
        try believed.replacingOccurrences(of: "linkMbps: 1000", with: "linkMbps: \(narrowMbps)")
            .write(toFile: lab.configFile, atomically: true, encoding: .utf8)
        defer {
            try? believed.write(toFile: lab.configFile, atomically: true, encoding: .utf8)
        }
        let plan = try lab.json("plan", "drain", "host1", "--policy", try policy(lab, "abort"))
        #expect(plan["outcome"] as? String == "infeasible", "\(plan)")
        let blocker = (plan["blockers"] as? [[String: Any]])?.first
        #expect(blocker?["reason"] as? String == "convergence", "\(plan)")
        let detail = blocker?["detail"] as? String ?? ""
        #expect(
            detail.contains("would not end: it rewrites") && detail.contains("can be sent"),
            "\(plan)")
        let other = try lab.json("plan", "drain", "host1", "--policy", try policy(lab, "post-copy"))
        let step = (other["steps"] as? [[String: Any]])?.first
        let cautions = (step?["cautions"] as? [String] ?? []).joined(separator: "; ")
        #expect(cautions.contains("will end in post-copy"), "\(other)")
    }

    /// Waiting for a longer pause would only cost time here.
    private static func policy(_ lab: Lab, _ rule: String, _ more: String = "") throws -> String {
        let file = lab.file("\(rule)\(more.count).yaml")
        try """
        name: test
        migration: {whenStuck: \(rule), max-downtime: 300ms\(more)}
        """.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }

    private static func stops(_ lab: Lab) async throws {
        let run = try lab.kvmbalance("drain", "host1", "--yes", "--policy", policy(lab, "abort"))
        #expect(run.status != 0, "\(run.text)")
        #expect(run.text.contains("stopped, because it does not converge: it rewrites"))
        #expect(try lab.placement() == ["busy": "host1"], "\(run.text)")
    }

    private static func slowsDown(_ lab: Lab) async throws {
        let run = try lab.kvmbalance(
            "drain", "host1", "--yes", "--policy",
            policy(lab, "abort", ", auto-converge: true, timeout: 3m"))
        #expect(run.status == 0, "\(run.text)")
        #expect(try lab.placement() == ["busy": "host2"], "\(run.text)")
    }

    private static func switchesOver(_ lab: Lab) async throws {
        _ = try lab.kvmbalance("hosts", "enable", "host1")
        let run = try lab.kvmbalance(
            "drain", "host2", "--yes", "--policy", policy(lab, "post-copy"))
        #expect(run.status == 0, "\(run.text)")
        #expect(run.text.contains("it is switched to post-copy: it rewrites"), "\(run.text)")
        #expect(try lab.placement() == ["busy": "host1"], "\(run.text)")
    }
}
