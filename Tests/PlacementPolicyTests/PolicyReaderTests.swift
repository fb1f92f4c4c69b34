import ClusterModel
import PlacementPolicy
import Testing

@Suite struct PolicyReaderTests {
    @Test func `an unknown key is told with its place, the valid keys and a guess`() {
        #expect(
            refusal(of: "name: x\nreserv:\n  memory: 1GiB\n")?.hasPrefix(
                "line 2, column 1: unknown key 'reserv'. Valid keys: name, reserve,") == true)
        #expect(
            refusal(of: "name: x\nreserv: {}\n")?.hasSuffix("Maybe you meant 'reserve'.") == true)
        #expect(
            refusal(of: "name: x\nmigration:\n  autoconverge: true\n")
                == "line 3, column 3: unknown key 'autoconverge' in 'migration'. Valid keys: live, "
                + "p2p, suspend, unsafe, tunnelled, auto-converge, postcopy, tls, parallel, "
                + "bandwidth, timeout, attempts, whenStuck, max-downtime, max-bandwidth, "
                + "copy-storage-all, copy-storage-inc, offline, "
                + "persistent, undefinesource, direct, shutdown-timeout, keep-images, compressed, "
                + "comp-mt-level, comp-mt-threads, comp-mt-dthreads, comp-xbzrle-cache, "
                + "postcopy-bandwidth. Maybe you meant 'auto-converge'.")
    }

    @Test func `the earlier spelling of whenStuck is read`() throws {
        let old = try Policy(yaml: "name: x\nmigration: {when-stuck: post-copy}")
        let new = try Policy(yaml: "name: x\nmigration: {whenStuck: post-copy}")
        #expect(old.migration.whenStuck == .postcopy)
        #expect(old == new)
    }

    @Test(arguments: [
        (
            "name: x\nreserve: {memory: 4}",
            "line 2, column 19: 'reserve.memory' is '4', but must be"
        ),
        ("name: x\nreserve: {memory: 4GB}", "line 2, column 19: 'reserve.memory' is '4GB'"),
        ("name: x\nreserve: {cpu: 1GiB}", "'reserve.cpu' is '1GiB', but must be a number of CPUs"),
        ("name: x\ndemand: {window: 15}", "'demand.window' is '15', but must be a time"),
        ("name: x\ndemand: {percentile: 101}", "must be a whole number from 1 to 100"),
        ("name: x\npin: web1", "line 2, column 6: 'pin' must be a list of names"),
        ("name: x\nban: [{domains: [a]}]", "line 2, column 7: 'ban[1]' lacks the key 'hosts'"),
        ("name: x\naffinity: [{domains: [a], scope: rack}]", "must be 'host' or 'zone'"),
        ("name: x\nmigration: {bandwidth: 100}", "a speed with a unit, such as 100MiB/s"),
        ("name: x\nbalance: {spread: 20}", "line 2, column 19: 'balance.spread' is '20', but must"),
        ("name: x\nbalance: {minGain: 101 %}", "must be a percentage from 0 % to 100 %"),
        ("name: x\nbalance: {resources: [disk]}", "holds 'disk', but must hold memory, cpu or"),
        ("name: x\nbalance: {moves: 3}", "unknown key 'moves' in 'balance'. Valid keys: resources"),
        (
            "name: x\nnPlusOne: always",
            "line 2, column 11: 'nPlusOne' is 'always', but must be off,"
        ),
        (
            "name: x\nconsolidate: {limits: {memory: 80}}",
            "'consolidate.limits.memory' is '80', but"
        ),
        (
            "name: x\nconsolidate: {minActive: 0}",
            "line 2, column 26: 'consolidate.minActive' is '0'"
        ),
        ("name: x\nconsolidate: {keep: host1}", "'consolidate.keep' must be a list of names"),
        ("name: x\nrollingReboot: {bringback: true}", "Maybe you meant 'bringBack'."),
        ("name: x\nrollingReboot: {hostsPerRound: many}", "must be a whole number from 1 to"),
        ("name: x\nmigration: {live: false}", "'migration.live' can only be true"),
        (
            "name: x\nmigration: {whenStuck: offline}",
            "line 2, column 24: 'migration.whenStuck' is 'offline', but must be abort, wait, "
                + "post-copy or suspend"
        ),
        (
            "name: x\nmigration: {max-downtime: 500}",
            "line 2, column 27: 'migration.max-downtime' is '500', but must be a time from 1ms to "
                + "10m with a unit"
        ),
        (
            "name: x\nmigration: {max-bandwidth: 1GiB/s}",
            "'migration.max-bandwidth' needs 'bandwidth'"
        ),
        (
            "name: x\nmigration: {bandwidth: 2GiB/s, max-bandwidth: 1GiB/s}",
            "'migration.max-bandwidth' is below 'bandwidth'"
        ),
        (
            "name: x\nmigration: {suspend: true, when-stuck: post-copy}",
            "'migration.whenStuck: post-copy' cannot be combined with 'suspend'"
        ),
        (
            "name: x\nmigration:\n  whenStuck: wait\n  when-stuck: abort",
            "line 4, column 3: 'when-stuck' and 'whenStuck' are the same key: keep one"
        ),
        (
            "name: x\nmigration: {tunnelled: true, parallel: 2}",
            "line 2, column 24: 'migration.tunnelled' and 'migration.parallel' exclude each other: "
        ),
        ("name: x\nmigration: {persistent: false}", "could be started twice"),
        ("name: x\nmigration: {direct: true}", "set 'p2p: true'"),
        ("name: x\nmigration: {offline: maybe}", "must be true or false"),
        ("name: x\nmigration: {comp-mt-level: 3}", "set 'compressed: mt'"),
        ("name: x\nmigration: {compressed: xbzrle, comp-mt-level: 3}", "Turn multithread"),
        ("name: x\nmigration: {compressed: zip}", "mt, xbzrle, true or false"),
        ("name: x\nmigration: {postcopy-bandwidth: 5MiB/s}", "post-copy, which is not switched on"),
        ("name: x\nname: y", "the key 'name' is given twice"),
        ("name: x\n  limits: 3", "line 2"),
        ("name: x\ninterfaces: [{name: br0}]", "lacks the key 'hosts'"),
        ("name: x\ninterfaces: [{hosts: {h: a}}]", "lacks the key 'name'"),
        ("name: x\ninterfaces: [{name: br0, hosts: [h]}]", "such as {host7: br-lan}"),
        ("name: x\ninterfaces: [{name: br0, hosts: {h: [a]}}]", "such as {host7: br-lan}"),
        (
            "name: x\ninterfaces: [{name: br0, hosts: {h: \"a'b\"}}]",
            "'a'b' is not the name of a bridge"
        ),
        (
            "name: x\ninterfaces: [{name: \"b r\", hosts: {h: a}}]",
            "a bridge or network such as br0"
        ),
        (
            "name: x\ninterfaces: [{name: a, hosts: {h: b}}, {name: a, hosts: {h: c}}]",
            "are called 'a' on hosts that are not listed"
        ),
        (
            "name: x\ninterfaces: [{name: a, hosts: {h: b}}, {name: b, hosts: {i: c}}]",
            "line 2, column 57: two of 'interfaces' are called 'b' on h"
        ),
        ("reserve: {cpu: 1}", "lacks the key 'name'"),
        ("name: x\ndemand: {window: 9000000000000000s}", "line 2, column 18: 'demand.window'"),
        ("name: x\ndemand: {maxAge: 36526d}", "of 36525d at most"),
        ("name: x\ndemand: {assumedPerVCPU: 9000000000000000}", "of 100 at most"),
        ("name: x\nperDomainOverhead: 5000000TiB", "of 1TiB at most"),
        ("name: x\nreserve: {memory: 8388607TiB}", "of 1024TiB at most"),
        ("name: x\nreserve: {cpu: 9000000000000000}", "of 1000000 at most"),
        ("name: x\nrebalance: {rest: 100000000000000d}", "'rebalance.rest'"),
        ("name: x\nmigration: {timeout: 32d}", "of 31d at most"),
        ("name: x\nmigration: {shutdown-timeout: 25h}", "of 1d at most"),
        ("name: x\nmigration: {bandwidth: 9007199254740992MiB/s}", "1000000MiB/s at most"),
        ("", "the policy is empty"),
        ("- a", "the file must hold keys and values"),
    ])
    func `what is wrong is said with its place`(yaml: String, message: String) {
        #expect(refusal(of: yaml)?.contains(message) == true, "\(refusal(of: yaml) ?? "no error")")
    }

    @Test(.timeLimit(.minutes(1)))
    func `ten lines cannot stand for an endless file`() {
        var lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        for level in 1...8 {
            let nine = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",")
            lines.append("a\(level): &a\(level) [\(nine)]")
        }
        let bomb = (lines + ["? *a8", ": y", "? *a7", ": z"]).joined(separator: "\n")
        #expect(refusal(of: bomb)?.contains("more than 20 aliases") == true)
        #expect(refusal(of: bomb)?.hasPrefix("line 4, column 1") == true)
        // A few are no harm, and stars of other kinds are none.
        let stars = (1...30).map { "\"vm-*\($0)\", db-*\($0), '*\($0)'" }.joined(separator: ", ")
        #expect(
            refusal(
                of: "name: x # *a *b *c\npin: &all [\(stars)]\nexclude: *all\nfence: "
                    + "[{domains: *all, hosts: [h]}]\n") == nil)
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "{k:*a,k2:*a}", "[\"x\", \"#\", *a, *a]", "- *a\r- *a", "[è#x,*a,*a]", "{?*a:*a}",
            "- *a\u{85}- *a\u{2028}- *a",
        ])
    func `aliases are counted however they are written`(_ few: String) {
        let many = Array(repeating: few, count: 12).joined(separator: "\n")
        #expect(refusal(of: "name: x\nq: &a 1\n\(many)")?.contains("more than 20") == true)
    }

    @Test func `every key is read`() throws {
        let policy = try Policy(
            yaml: """
                name: all
                reserve: {memory: 1.5GiB, cpu: 0.5, others: ignored}
                overcommit: {cpu: 2, memory: 0.9}
                perDomainOverhead: 64 MiB
                demand: {window: 2h, percentile: 90, slots: 8, assumedPerVCPU: 0.1, maxAge: 3m}
                affinity: [{name: g, domains: [a, b-*], scope: zone}]
                antiAffinity: [{domains: [c?]}]
                pin: [p]
                fence: [{domains: [f], hosts: [host1]}]
                ban: [{domains: [n], hosts: [host*]}]
                exclude: [e]
                limits: {perHost: 3, fleet: 9}
                maxDomainsPerHost: 40
                balance:
                  resources: [cpu]
                  spread: 12.5%
                  limits: {memory: 80 %, cpu: 70 %}
                  minGain: 5 %
                  maxMoves: 7
                  maxMovesForSpread: 7.5 %
                nPlusOne: during
                consolidate:
                  limits: {memory: 70 %, cpu: 60.5 %}
                  keep: [host1, storage-*]
                  minActive: 2
                  minEmptied: 3
                  maxMoves: 40
                rollingReboot: {hostsPerRound: 4, bringBack: false}
                migration:
                  p2p: false
                  unsafe: true
                  postcopy: true
                  tls: true
                  bandwidth: 100MiB/s
                  timeout: 10m
                  attempts: 3
                  whenStuck: suspend
                  max-downtime: 1.5s
                  max-bandwidth: 1GiB/s
                sharedStorage: [{path: /srv/vm/, hosts: [host1, host2]}, {path: /data}]
                interfaces: [{name: br0, hosts: {host7: br-lan}}, {name: dmz, hosts: {host7: br0}}]
                """)
        #expect(policy.reserve == Reserve(memory: .mebibytes(1536), cpu: 500, countsOthers: false))
        #expect(policy.overcommit == Overcommit(memoryThousandths: 900, cpuThousandths: 2000))
        #expect(policy.perDomainOverhead == .mebibytes(64))
        #expect(
            policy.demand
                == DemandWindow(
                    windowSeconds: 7200, percentile: 90, slots: 8, assumedPerVCPU: 100,
                    maxAgeSeconds: 180))
        #expect(
            policy.affinity == [PlacementGroup(name: "g", domains: ["a", "b-*"], scope: .zone)])
        #expect(policy.antiAffinity.map(\.name) == ["antiAffinity 1"])
        #expect(policy.limits == MigrationLimits(perHost: 3, fleet: 9))
        #expect(policy.maxDomainsPerHost == 40)
        #expect(policy.balance.measures == [.cpu])
        #expect(policy.balance.spread == 1250)
        #expect(policy.balance.memoryLimit == 8000 && policy.balance.cpuLimit == 7000)
        #expect(policy.balance.minGain == 500)
        #expect(policy.balance.maxMoves == 7)
        #expect(policy.balance.maxMovesForSpread == 750)
        #expect(policy.nPlusOne == .during)
        #expect(policy.consolidate.memoryLimit == 7000 && policy.consolidate.cpuLimit == 6050)
        #expect(policy.consolidate.keep == ["host1", "storage-*"])
        #expect(policy.consolidate.minActive == 2 && policy.consolidate.minEmptied == 3)
        #expect(policy.consolidate.maxMoves == 40)
        #expect(policy.reboot.hostsPerRound == 4 && policy.reboot.bringBack == false)
        #expect(policy.migration.route == .managed)
        #expect(policy.migration.bandwidth == 100)
        #expect(policy.migration.postcopy && policy.migration.tls)
        #expect(policy.migration.timeoutSeconds == 600)
        #expect(policy.migration.whenStuck == .suspend)
        #expect(policy.migration.maxDowntimeMilliseconds == 1500)
        #expect(policy.migration.maxBandwidth == 1024)
        #expect(policy.warnings.count == 1)
        #expect(
            policy.sharedStorage == [
                SharedStorage(path: "/srv/vm", hosts: ["host1", "host2"]),
                SharedStorage(path: "/data"),
            ])
        #expect(
            policy.interfaces == [
                InterfaceNames(name: "br0", hosts: ["host7": "br-lan"]),
                InterfaceNames(name: "dmz", hosts: ["host7": "br0"]),
            ])
    }

    @Test(arguments: [
        ("web*", "web1", true), ("web*", "web", true), ("*", "", true), ("w?b", "web", true),
        ("w?b", "wb", false), ("*-db-*", "a-db-b-db-c", true), ("*db", "dbx", false),
        ("a*b*c", "aXbYbZc", true), ("web", "web1", false),
    ])
    func `patterns match as in a shell`(pattern: String, name: String, matches: Bool) {
        #expect(NamePattern(pattern).matches(name) == matches)
    }
}
