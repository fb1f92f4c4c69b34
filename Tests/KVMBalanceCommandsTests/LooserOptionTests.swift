import ClusterModel
import Foundation
import PlacementPolicy
import TestSupport
import Testing

@testable import KVMBalanceCommands
@testable import Operations
@testable import Rendering

/// A saved plan against the policy at hand: whatever asks for less care is shown, and must be asked
/// for.
struct LooserOptionTests {
    typealias Change = @Sendable (inout MigrationOptions) -> Void

    /// A policy that is as strict as can be.
    private static var strict: MigrationOptions {
        var options = MigrationOptions()
        options.tls = true
        options.route = .managed
        options.keepsImages = true
        options.timeoutSeconds = 300
        options.bandwidth = 100
        options.shutdownSeconds = 60
        options.maxDowntimeMilliseconds = 400
        options.offline = ["db-*"]
        options.prefersLive = true
        options.postcopyBandwidth = 50
        return options
    }

    /// For every option one change that asks for less care, and what it is then called; nil where
    /// no value of it is looser than another.
    private static let changes: [String: (String, Change)?] = [
        "route": ("managed", { $0.route = .peerToPeer }),
        "suspend": ("suspend", { $0.suspend = true }),
        // Has its own flag, whatever the policy says: --unsafe.
        "unsafe": nil,
        "tunnelled": nil,
        "autoConverge": ("auto-converge", { $0.autoConverge = true }),
        "postcopy": ("postcopy", { $0.postcopy = true }),
        "tls": ("tls", { $0.tls = false }),
        "parallel": nil,
        "bandwidth": ("bandwidth", { $0.bandwidth = nil }),
        "timeoutSeconds": ("timeout", { $0.timeoutSeconds = nil }),
        "whenStuck": ("whenStuck", { $0.whenStuck = .suspend }),
        "maxDowntimeMilliseconds": ("max-downtime", { $0.maxDowntimeMilliseconds = 401 }),
        "maxBandwidth": ("bandwidth", { $0.maxBandwidth = 101 }),
        "attempts": ("attempts", { $0.attempts = 9 }),
        "copyStorageAll": ("copy-storage-all", { $0.copyStorageAll = ["web"] }),
        "copyStorageInc": ("copy-storage-inc", { $0.copyStorageInc = ["web"] }),
        "offline": ("offline", { $0.offline = ["db-*", "web"] }),
        "prefersLive": ("live", { $0.prefersLive = nil }),
        "shutdownSeconds": ("shutdown-timeout", { $0.shutdownSeconds = nil }),
        "keepsImages": ("keep-images", { $0.keepsImages = nil }),
        "compression": nil,
        "unmovable": ("unmovable", { $0.unmovable = UnmovableRules(.shutdown) }),
        "postcopyBandwidth": (
            "postcopy-bandwidth",
            {
                $0.postcopy = true
                $0.postcopyBandwidth = nil
            }
        ),
    ]

    private func names(_ options: MigrationOptions, under policy: MigrationOptions) -> [String] {
        var rules = Policy(name: "strict")
        rules.migration = policy
        var plan = Example.plan(steps: 1)
        plan.options = options
        plan.limits = rules.limits
        return LooserOption.all(in: plan, comparedWith: rules).map(\.name)
    }

    /// A new option must be decided on here: it cannot be forgotten.
    @Test func everyOptionIsCompared() {
        let known = Set(Mirror(reflecting: MigrationOptions()).children.compactMap(\.label))
        #expect(Set(Self.changes.keys) == known)
        for (option, entry) in Self.changes {
            guard let (name, change) = entry else { continue }
            var options = Self.strict
            change(&options)
            #expect(names(options, under: Self.strict).contains(name), "\(option)")
            #expect(LooserOption.names.contains(name), "\(name)")
        }
    }

    @Test func theSameAndTheStricterPass() {
        #expect(names(Self.strict, under: Self.strict).isEmpty)
        #expect(names(Self.strict, under: MigrationOptions()) == ["offline"])
        var stricter = Self.strict
        stricter.offline = ["db-1"]
        stricter.timeoutSeconds = 10
        stricter.bandwidth = 10
        #expect(names(stricter, under: Self.strict).isEmpty)
    }

    /// Memory in a tunnel is not protected less by QEMU's own encryption.
    @Test func aTunnelMayBecomeTLS() {
        var tunnel = MigrationOptions()
        tunnel.tunnelled = true
        var encrypted = MigrationOptions()
        encrypted.tls = true
        #expect(names(encrypted, under: tunnel).isEmpty)
        #expect(names(MigrationOptions(), under: tunnel) == ["tunnelled"])
    }

    @Test(arguments: [("web?", ["web*"]), ("*", ["web*"]), ("web1*", ["web?"]), ("db", ["web*"])])
    func aPatternThatMayMatchMoreIsLooser(_ pattern: String, _ allowed: [String]) {
        var (plan, policy) = (MigrationOptions(), MigrationOptions())
        (plan.offline, policy.offline) = ([pattern], allowed)
        #expect(names(plan, under: policy).contains("offline"))
        policy.offline = ["*"]
        #expect(!names(plan, under: policy).contains("offline"))
    }

    @Test func higherLimitsAreLooser() {
        var plan = Example.plan(steps: 1)
        plan.limits = MigrationLimits(perHost: 3, fleet: 6)
        #expect(
            LooserOption.all(in: plan, comparedWith: Policy()).map(\.name)
                == ["limits.perHost", "limits.fleet"])
    }

    // MARK: The command

    private func play(_ migration: String) throws -> Playground {
        let play = try Playground()
        try play.write("name: careful\nmigration: \(migration)\n", to: "careful.yaml")
        return play
    }

    private func apply(_ play: Playground, _ status: Int32, _ more: String...) throws -> Ending {
        let ending = try play.run(
            ["apply", play.path("plan.json"), "--yes", "--policy", play.path("careful.yaml")] + more
        )
        #expect(ending.status == status && ending.isCivil, "\(ending.text)")
        return ending
    }

    @Test func anEditedPlanCannotWeakenThePolicyUnseen() throws {
        let play = try play("{tls: true, timeout: 300s}")
        try play.must(
            0, "plan", "drain", "host1", "--policy", play.path("careful.yaml"), "--save",
            play.path("plan.json"))
        try play.edit("plan.json") { plan in
            var options = plan["options"] as? [String: Any] ?? [:]
            options["tls"] = false
            options["suspend"] = true
            options["timeoutSeconds"] = nil
            plan["options"] = options
        }
        let before = try play.placement()
        let refused = try apply(play, 64)
        for words in [
            "less care than policy 'careful', nothing was done",
            "tls: on in the policy, off in the plan", "suspend: off in the policy, on in the plan",
            "timeout: 300 s in the policy, no limit in the plan",
            "--accept-plan-options tls,suspend,timeout --policy",
        ] {
            #expect(refused.errors.contains(words), "'\(words)' in \(refused.text)")
        }
        // Each by its name: what was not seen is not accepted.
        #expect(
            try apply(play, 64, "--accept-plan-options", "tls,timeout").errors.contains("suspend"))
        #expect(
            try apply(play, 64, "--accept-plan-options", "all").errors.contains("is none of"))
        #expect(try play.placement() == before)
        let accepted = try apply(play, 0, "--accept-plan-options", "tls,suspend,timeout")
        #expect(accepted.errors.contains("warning: ") && accepted.errors.contains("suspend: off"))
        #expect(accepted.output.contains("guests stay paused on the target (suspend)"))
    }

    @Test func anHonestPlanUnderAPolicyThatBecameStricterIsRefused() throws {
        let play = try play("{tls: false}")
        try play.must(
            0, "plan", "drain", "host1", "--policy", play.path("careful.yaml"), "--save",
            play.path("plan.json"))
        try play.write("name: careful\nmigration: {tls: true}\n", to: "careful.yaml")
        #expect(try apply(play, 64).errors.contains("tls: on in the policy, off in the plan"))
        try play.write("name: careful\nlimits: {perHost: 1, fleet: 1}\n", to: "careful.yaml")
        #expect(try apply(play, 64).errors.contains("limits.perHost: 1 in the policy, 2 in"))
    }

    /// What the command line asked for is asked for again, by the command that is printed.
    @Test func thePrintedCommandAppliesThePlan() throws {
        let play = try play("{tls: true}")
        let saved = try play.must(
            0, "plan", "drain", "host1", "--suspend", "--unsafe", "--policy",
            play.path("careful.yaml"), "--save", play.path("plan.json"))
        let line = try #require(
            saved.errors.split(separator: "\n").first { $0.hasPrefix("saved; to carry it out: ") })
        let words = line.split(separator: " ").map(String.init)
        let start = try #require(words.firstIndex(of: "kvmbalance"))
        #expect(words.contains("--accept-plan-options") && words.contains("--unsafe"))
        let ending = try Program(
            Array(words[(start + 1)...]) + ["--dry-run"], in: play.folder
        ).wait()
        #expect(ending.status == 0 && ending.isCivil, "\(ending.text)")
    }

    // MARK: What a plan says

    @Test func aPlanSaysWhatItsGuestsGoThrough() {
        var plan = Example.plan(steps: 3)
        #expect(PlanText(plan: plan).text.contains("3 migrations, estimated"))
        #expect(
            PlanText(plan: plan).text.contains(
                "Options: guests' memory unencrypted on the network (no tls)."))
        plan.options.tls = true
        plan.options.postcopy = true
        plan.options.unsafe = true
        let text = PlanText(plan: plan).text
        #expect(text.contains("guests' memory encrypted (tls); may end in post-copy"))
        #expect(text.contains("libvirt's storage check is off (unsafe)."))
        plan.options = MigrationOptions()
        plan.options.suspend = true
        plan.steps[1].mode = .offline
        #expect(
            plan.migrations == "3 migrations, 1 of them with the guest shut down meanwhile, "
                + "guests paused afterwards")
        #expect(PlanText(plan: plan).text.contains("vm2 is shut down, and started on the target"))
        plan.steps[1].isShutOff = true
        #expect(plan.migrations == "3 migrations, guests paused afterwards")
        plan.options.suspend = false
        for step in plan.steps.indices {
            (plan.steps[step].mode, plan.steps[step].isShutOff) = (.offline, false)
        }
        #expect(plan.migrations == "3 migrations, all with the guest shut down meanwhile")
        // Nothing crosses the network but images, by libvirt's own connections.
        #expect(!PlanText(plan: plan).text.contains("unencrypted"))
    }

    @Test func theQuestionSaysThatAGuestIsShutDown() throws {
        let play = try Playground()
        let terminal = try TerminalProgram([
            "drain", "host1", "--offline", "--offline-domains", "vm001", "--config", play.config,
        ])
        defer { kill(terminal.identifier, SIGKILL) }
        try terminal.says("with the guest shut down meanwhile? [y/N]")
        terminal.types("n\n")
        #expect(terminal.wait() == 1)
    }
}
