import Foundation
import Testing

@testable import KVMBalanceCommands
@testable import Operations
@testable import Rendering

/// What a fleet costs in descriptors, processes and threads is said before it is spent.
struct ProcessLimitTests {
    @Test func aFleetThatNeedsMoreIsRefusedAtOnce() throws {
        let play = try Playground(isSampled: false)
        let hosts = (1...200).map { "  - {name: h\($0), uri: 'qemu+ssh://root@10.255.0.\($0)/'}" }
        try play.write(
            "database: db\nhosts:\n" + hosts.joined(separator: "\n"), to: "kvmbalance.yaml")
        for words in [["status"], ["plan", "drain", "h1"], ["collect", "--once"]] {
            let refused = try play.start(
                by: #"ulimit -n 1000 && exec "$0" "$@""#, words
            ).wait()
            #expect(refused.status == 1 && refused.isCivil, "\(refused.text)")
            #expect(refused.errors.contains("connections to 200 hosts need up to 1444 open files"))
            #expect(refused.errors.contains("may have 1000"))
            #expect(refused.errors.contains("LimitNOFILE=1444"))
        }
        // What connects to nobody needs none of it.
        let list = try play.start(by: #"ulimit -n 1000 && exec "$0" "$@""#, ["hosts", "list"])
        #expect(try list.wait().status == 0)
    }

    @Test func processesCountToo() throws {
        let cost = ConnectionCost(hosts: 100)
        try cost.admit(within: ProcessLimits(descriptors: nil, tasks: cost.tasks))
        #expect {
            try cost.admit(within: ProcessLimits(descriptors: nil, tasks: cost.tasks - 1))
        } throws: {
            let error = $0 as? CommandError
            return error?.exit == .failed && error?.message.contains("TasksMax=544") == true
        }
        try ConnectionCost(hosts: 0).admit(within: ProcessLimits(descriptors: 3, tasks: 0))
    }

    @Test func theTightestControlGroupCounts() throws {
        let root = FileManager.default.temporaryDirectory
            .appendingPathComponent("kvmbalance-groups-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        for (group, most, used) in [
            ("a", "500", "100"), ("a/b", "max", "7"), ("a/b/c", "900", "5"),
        ] {
            let folder = root.appendingPathComponent(group)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for (name, text) in [("pids.max", most), ("pids.current", used)] {
                try "\(text)\n".write(
                    to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
            }
        }
        let left = { ProcessLimits.tasksLeft(inGroup: $0, root: root.path) }
        #expect(left("0::/a/b/c\n") == 400)
        #expect(left("0::/elsewhere\n") == nil)
        #expect(left("12:pids:/a\n") == nil)
        #expect(left("") == nil)
    }
}
