import Foundation
import TestSupport
import Testing

/// `init` by the built binary, for hosts of a simulated fleet.
struct InitTests {
    private let play: Playground

    init() throws { play = try Playground(hosts: 3, domains: 6, isSampled: false) }

    private func uri(_ host: String) -> String {
        "simulated://\(play.path("fleet.json"))?host=\(host)"
    }

    private func run(_ words: String..., file: String = "fleet/new.yaml") throws -> Ending {
        let config = play.path(file)
        return try Program(["init"] + words + ["--config", config], in: play.folder).wait()
    }

    private var three: [String] { (1...3).map { "kvm\($0)=\(uri("host\($0)"))" } }

    private func all(_ words: String...) throws -> Ending {
        let config = play.path("fleet/new.yaml")
        return try Program(["init"] + three + words + ["--config", config], in: play.folder).wait()
    }

    @Test func threeNamesMakeAFleetFileThatDrains() throws {
        let made = try all("--yes")
        #expect(made.status == 0, "\(made.text)")
        for host in ["kvm1", "kvm2", "kvm3"] {
            #expect(made.output.contains(try Regex("\(host) +[0-9] +[0-9]+ migration")))
        }
        #expect(made.output.contains("kvmbalance hosts check --config"), "\(made.text)")
        let drained = try Program(
            ["drain", "kvm1", "--yes", "--config", play.path("fleet/new.yaml")], in: play.folder
        ).wait()
        #expect(drained.status == 0, "\(drained.text)")
        #expect(try play.placement().values.allSatisfy { $0 != "host1" })
    }

    @Test func itIsReadByTheServicesAndNeverWrittenOver() throws {
        #expect(try all("--yes").status == 0)
        let path = play.path("fleet/new.yaml")
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o644)
        // Only the installed file's databases are the services'.
        #expect(try play.read("fleet/new.yaml").hasSuffix("\ndatabase: database\n"))
        try play.write("mine", to: "fleet/new.yaml")
        let refused = try all("--yes")
        #expect(refused.status != 0 && refused.errors.contains("already exists"))
        #expect(try play.read("fleet/new.yaml") == "mine")
        #expect(try all("--yes", "--force").status == 0)
        #expect(try play.read("fleet/new.yaml").contains("name: kvm1"))
    }

    @Test func nothingIsWrittenUnasked() throws {
        let shown = try all()
        #expect(shown.status == 1 && shown.errors.contains("add --yes"), "\(shown.text)")
        #expect(shown.output.contains("  - name: kvm1\n"), "\(shown.text)")
        #expect(!FileManager.default.fileExists(atPath: play.path("fleet/new.yaml")))
    }

    @Test func aHostThatIsAskedForMustAnswer() throws {
        let refused = try run("kvm1=\(uri("host1"))", "kvm9=\(uri("host9"))", "--yes")
        #expect(refused.status == 1, "\(refused.text)")
        #expect(refused.errors.contains("nothing was written"), "\(refused.text)")
        #expect(refused.errors.contains("kvm9"), "\(refused.text)")
        #expect(!FileManager.default.fileExists(atPath: play.path("fleet/new.yaml")))
    }

    @Test func oneMachineUnderTwoNamesIsTakenOnce() throws {
        // Another spelling of the same place.
        let twin = uri("host1").replacing("simulated:///", with: "simulated:////")
        let made = try run("kvm1=\(uri("host1"))", "twin=\(twin)", "--yes", "--output", "json")
        #expect(made.status == 0, "\(made.text)")
        let document = try made.object()
        #expect((document["hosts"] as? [[String: Any]])?.count == 1)
        let left = try #require(document["left_out"] as? [String])
        #expect(left.first?.contains("twin (the command line) is the same machine as kvm1") == true)
        #expect((document["drains"] as? [[String: Any]])?.first?["host"] as? String == "kvm1")
    }
}
