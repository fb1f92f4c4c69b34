import ClusterModel
import Foundation
import Testing

@testable import KVMBalanceCommands
@testable import Operations
@testable import Rendering

/// What is blocked, as people read it.
struct BlockerTextTests {
    private func local(_ name: String) -> Blocker {
        Blocker(
            domain: name, reason: .localStorage, detail: "its disk is in pool 'default'",
            remedy: "move them to shared storage (virsh blockcopy)")
    }

    @Test func manyGuestsWithOneCauseAreOneLine() {
        let blockers = (1...60).map { local("web\($0)") }
        let text = blockers.text(width: nil)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 3, "\(text)")
        #expect(lines[1].contains("web1, web2, web3"))
        #expect(lines[1].contains("web8 and 52 more (--output json has them all): its disk"))
        #expect(lines[2] == "      remedy: move them to shared storage (virsh blockcopy)")
    }

    @Test func otherCausesStayApartInTheirOrder() {
        let other = Blocker(
            domain: "gpu", reason: .hostDevice, detail: "its disk is in pool 'default'",
            remedy: "detach it")
        let lines = [local("b"), other, local("a")].text(width: nil).split(separator: "\n")
        #expect(lines.count == 5)
        #expect(lines[1].hasPrefix("  b, a: its disk") && lines[3].hasPrefix("  gpu: "))
    }

    @Test func aCommandWithTheGuestsNameIsSaidForAll() {
        func crashed(_ name: String) -> Blocker {
            Blocker(
                domain: name, reason: .state, detail: "it has crashed",
                remedy: "end it (virsh destroy '\(name)'), then plan again")
        }
        let both = [crashed("a"), crashed("b")].text(width: nil)
        #expect(both.contains("  a, b: it has crashed [state]"))
        #expect(both.contains("virsh destroy 'NAME'"))
        #expect([crashed("a")].text(width: nil).contains("virsh destroy 'a'"))
    }

    @Test func hostsAndThePlanAreToldOneByOne() {
        let hosts = ["host1", "host2"].map {
            Blocker(
                host: HostName($0), reason: .unreachable, detail: "it is silent", remedy: "look")
        }
        let whole = Blocker(reason: .memory, detail: "short", remedy: "add some")
        let lines = (hosts + [whole]).text(width: nil).split(separator: "\n")
        #expect(lines.count == 7)
        #expect(lines[1].hasPrefix("  host host1: it is silent"))
        #expect(lines[3].hasPrefix("  host host2: it is silent"))
        #expect(lines[5].hasPrefix("  the plan as a whole: short"))
    }
}
