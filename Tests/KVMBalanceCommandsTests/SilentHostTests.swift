import Foundation
import TestSupport
import Testing

/// A host that is down, among others: it is waited for briefly, and named.
struct SilentHostTests {
    private func ground(_ silent: SilentSocket) throws -> Playground {
        let play = try Playground()
        let yaml = try play.read("kvmbalance.yaml")
        let host = "hosts:\n  - name: dead\n    uri: \(silent.uri)\n"
        try play.write(
            yaml.replacingOccurrences(of: "hosts:\n", with: host) + "\nconnectTimeout: 3s\n",
            to: "kvmbalance.yaml")
        return play
    }

    @Test func statusShowsTheOthersSoon() throws {
        let silent = try SilentSocket()
        let play = try ground(silent)
        let begun = ContinuousClock.now
        let status = try play.must(0, "status")
        #expect(begun.duration(to: .now) < .seconds(25))
        #expect(status.errors.contains("no answer yet from dead, waiting"), "\(status.text)")
        #expect(status.output.contains("unreachable: no connection within 3 s"))
        #expect(status.output.contains("host2") && status.output.contains("vm001"))
    }

    @Test func aPlanNamesIt() throws {
        let silent = try SilentSocket()
        let play = try ground(silent)
        let plan = try play.run("plan", "drain", "host1")
        #expect(
            plan.errors.contains("dead is unreachable, and nothing is planned for it: no "),
            "\(plan.text)")
        #expect(plan.isCivil)
    }

    @Test(arguments: ["0s", "2m", "5", "1ms"])
    func theLimitIsRead(_ time: String) throws {
        let play = try Playground(isSampled: false)
        try play.write(
            try play.read("kvmbalance.yaml") + "\nconnectTimeout: \(time)\n",
            to: "kvmbalance.yaml")
        let refused = try play.must(64, "hosts", "list")
        #expect(refused.errors.contains("connectTimeout"), "\(refused.text)")
        #expect(refused.errors.contains("from 1s to 1m"), "\(refused.text)")
    }
}
