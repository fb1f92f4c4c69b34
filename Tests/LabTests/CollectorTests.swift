import Foundation
import Testing

/// The collector on real hosts: steady, undisturbed by a dead host, and gone when told to go.
@Suite(.serialized, .needsLab, .timeLimit(.minutes(10)))
struct CollectorTests {
    @Test func itSamplesSteadilyAndEndsWhenTold() async throws {
        try await withLab("collect", hosts: 3) { lab in
            try lab.guest("busy", on: "host1", "--cpu", "20")
            try lab.guest("idle", on: "host2", "--wait")
            let collector = try lab.start("collect", "--period", "1")
            try await Task.sleep(for: .seconds(8))
            // Long before it is that host's turn again.
            try lab.guest("late", on: "host3")
            try await Task.sleep(for: .seconds(3))
            try lab.lab("kill", "host3", "libvirtd")
            let before = try Self.samples(lab.json("status"))
            try await Task.sleep(for: .seconds(7))
            collector.send(SIGTERM)
            let told = Date()
            let ended = try collector.wait()
            #expect(ended.status == 0, "\(ended.text)")
            #expect(Date().timeIntervalSince(told) < 2, "it took more than a period to end")
            #expect(ended.errors.contains("host3"), "the dead host was not recorded")

            let status = try lab.json("status")
            let samples = try Self.samples(status)
            #expect(samples["late"] != nil, "nobody heard of the guest that started: \(samples)")
            for (domain, count) in samples where domain != "late" {
                // 7 ticks at a period of one second; some may be late on a busy machine, but a dead
                // host must not hold up the others.
                let earlier = before[domain] ?? 0
                #expect(earlier >= 3 && count - earlier >= 4, "\(domain): \(earlier), \(count)")
            }
            let hosts = try #require(status["hosts"] as? [[String: Any]])
            let dead = try #require(hosts.first { $0["name"] as? String == "host3" })
            #expect(dead["fault"] is String, "\(dead)")
        }
    }

    /// What `status` shows stands beside what virsh and /proc say on the host itself.
    @Test func figuresAreThoseOfVirshAndProc() async throws {
        try await withLab("figures", hosts: 1) { lab in
            // More than the machine has: its CPUs are contended.
            for guest in ["a", "b", "c"] {
                try lab.guest(guest, on: "host1", "--cpu", "90", "--vcpus", "2")
            }
            try lab.lab("wait")
            let before = try Self.delays(lab)
            let collector = try lab.start("collect", "--period", "1")
            try await Task.sleep(for: .seconds(12))
            let status = try lab.json("status")
            let after = try Self.delays(lab)
            collector.send(SIGTERM)
            _ = try collector.wait()
            let live = try #require(status["live"] as? [String: Any])
            let domains = try #require(live["domains"] as? [String: [String: Any]])
            #expect(domains.count == 3)
            // Mean waiting over the whole time by virsh, newest second by us: both must see it.
            let waited = after.reduce(0, +) - before.reduce(0, +)
            let shown = domains.values.reduce(0) { $0 + ($1["vcpuDelay"] as? Int ?? 0) }
            #expect(waited > 1_000_000_000, "the guests were not contended")
            #expect(shown > 100, "\(domains)")

            let host = try #require((live["hosts"] as? [String: [String: Any]])?["host1"])
            let hosts = try #require(status["hosts"] as? [[String: Any]])
            let facts = try #require(hosts.first?["facts"] as? [String: Any])
            let sharing = try Self.number(lab, "cat", "/sys/kernel/mm/ksm/pages_sharing")
            #expect(host["ksmPagesSharing"] as? Int == sharing)
            let available = try Self.number(
                lab, "awk", "/^(MemFree|Buffers|Cached|SReclaimable):/ {n += $2} END {print n}",
                "/proc/meminfo")
            let seen = (host["memoryAvailable"] as? Int ?? 0) / 1024
            #expect(abs(seen - available) < available / 10, "\(seen) KiB, /proc \(available) KiB")
            let cells = try #require(facts["cells"] as? [[String: Any]])
            let nodes = try Self.number(
                lab, "sh", "-c", "ls -d /sys/devices/system/node/node[0-9]* | wc -l")
            #expect(cells.count == nodes)
            let pages = try Self.number(
                lab, "sh", "-c", "cat /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")
            let pools = cells.flatMap { $0["hugePages"] as? [[String: Any]] ?? [] }
                .filter { $0["pageSize"] as? Int == 2 << 20 }
            #expect(pools.reduce(0) { $0 + ($1["total"] as? Int ?? 0) } == pages)
            // Three guests want 5.4 CPUs: the host was full when the collector looked.
            #expect((host["busy"] as? Int ?? 0) > 500, "\(host)")
        }
    }

    /// Nanoseconds that the guests' virtual CPUs waited for a CPU, as virsh tells.
    private static func delays(_ lab: Lab) throws -> [Int] {
        let text = try lab.virsh("host1", "domstats", "--vcpu").output
        return text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "=")
            guard parts.count == 2, parts[0].hasSuffix(".delay") else { return nil }
            return Int(parts[1].trimmingCharacters(in: .whitespaces))
        }
    }

    private static func number(_ lab: Lab, _ words: String...) throws -> Int {
        let result = try shell([Lab.program, "run", lab.name, "host1", "--"] + words)
        return try #require(
            Int(result.output.trimmingCharacters(in: .whitespacesAndNewlines)), "\(result.text)")
    }

    /// Domain → number of samples that its demand was taken from.
    private static func samples(_ status: [String: Any]) throws -> [String: Int] {
        var samples: [String: Int] = [:]
        for domain in try #require(status["domains"] as? [[String: Any]]) {
            let facts = try #require(domain["facts"] as? [String: Any])
            let demand = try #require(domain["demand"] as? [String: Any])
            samples[try #require(facts["name"] as? String)] = demand["samples"] as? Int ?? 0
        }
        return samples
    }
}
