import Foundation
import Testing

/// Who is to move is measured first, and then planned.
struct MeasuringTests {
    @Test func whatWasMeasuredStandsAgainstTheOnePlan() throws {
        let play = try Playground()
        let yaml = try play.read("kvmbalance.yaml")
        try play.write(
            yaml.replacingOccurrences(of: "linkMbps: 10000", with: "linkMbps: 1000"),
            to: "kvmbalance.yaml")
        try play.editDomain("vm001") { domain in
            var domain = domain
            domain["dirtyRate"] = 500 << 20
            return domain
        }
        let first = try play.must(3, "plan", "drain", "host1")
        #expect(first.errors.contains("measuring the dirty rate of 3 guests"), "\(first.text)")
        #expect(first.output.contains("its migration would not end: it rewrites"), "\(first.text)")
        // It is kept for an hour, and known to every way of planning.
        let second = try play.must(3, "plan", "drain", "host1")
        #expect(!second.errors.contains("measuring") && second.output == first.output)
        let reboot = try play.must(3, "plan", "rolling-reboot", "host1")
        #expect(reboot.output.contains("its migration would not end: it rewrites"))
    }

    @Test func aDrainThatCanNotBeMeasuresNobody() throws {
        let play = try Playground()
        let yaml = try play.read("kvmbalance.yaml")
        try play.write(
            yaml.replacingOccurrences(of: "linkMbps: 10000", with: "linkMbps: 1000"),
            to: "kvmbalance.yaml")
        try play.must(0, "hosts", "disable", "host2", "host3")
        let plan = try play.must(3, "plan", "drain", "host1")
        #expect(!plan.errors.contains("measuring"), "\(plan.text)")
    }
}
