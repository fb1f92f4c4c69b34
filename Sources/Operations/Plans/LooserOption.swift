package import ClusterModel
package import PlacementPolicy

/// An option of a saved plan that asks for less care than the policy at hand. Anyone may have
/// edited the file, and an honest plan may be older than the policy.
package struct LooserOption: Hashable, Sendable {
    /// virsh's word, as on the command line and in the policy; limits by their policy key.
    package var name: String
    package var planned: String
    package var allowed: String

    package var text: String { "\(name): \(allowed) in the policy, \(planned) in the plan" }

    /// All that may be in such a list. `--unsafe` has always needed its own flag.
    package static let names = [
        "tls", "tunnelled", "suspend", "offline", "live", "copy-storage-all", "copy-storage-inc",
        "keep-images", "postcopy", "whenStuck", "auto-converge", "p2p", "managed", "timeout",
        "shutdown-timeout", "bandwidth", "postcopy-bandwidth", "max-downtime", "attempts",
        "unmovable", "limits.perHost", "limits.fleet",
    ]

    /// What of the plan is looser than the policy; what is stricter is nobody's concern.
    package static func all(
        in plan: MigrationPlan, comparedWith policy: Policy
    ) -> [LooserOption] {
        let (planned, allowed) = (plan.options, policy.migration)
        return protection(planned, allowed) + outages(planned, allowed) + copies(planned, allowed)
            + routes(planned, allowed) + times(planned, allowed) + rates(planned, allowed)
            + most("limits.perHost", plan.limits.perHost, policy.limits.perHost, "")
            + most("limits.fleet", plan.limits.fleet, policy.limits.fleet, "")
    }

    // MARK: Subjects

    /// What protects the memory on its way.
    private static func protection(
        _ plan: MigrationOptions, _ policy: MigrationOptions
    ) -> [LooserOption] {
        // Memory that is encrypted from QEMU to QEMU lacks nothing that a tunnel gives.
        let isTunnelEnough = plan.tunnelled || plan.tls
        return flag("tls", !plan.tls, !policy.tls, isOff: true)
            + flag("tunnelled", !isTunnelEnough, !policy.tunnelled, isOff: true)
    }

    /// What makes a guest stand still, or depend on two hosts.
    private static func outages(
        _ plan: MigrationOptions, _ policy: MigrationOptions
    ) -> [LooserOption] {
        let prefersLess = plan.offline != nil && plan.prefersLive != true
        let stuck =
            plan.stuckRule == policy.stuckRule || plan.stuckRule == .abort
            ? []
            : [
                LooserOption(
                    name: "whenStuck", planned: plan.stuckRule.rawValue,
                    allowed: policy.stuckRule.rawValue)
            ]
        return flag("suspend", plan.suspend, policy.suspend)
            + domains("offline", plan.offline, policy.offline)
            + unmovable(plan.unmovable, policy.unmovable)
            + flag("live", prefersLess, policy.prefersLive != true, isOff: true)
            + flag("postcopy", plan.mayEndInPostcopy, policy.mayEndInPostcopy) + stuck
            + flag("auto-converge", plan.autoConverge, policy.autoConverge)
            + most(
                "max-downtime", Int(plan.longestDowntimeMilliseconds),
                Int(policy.longestDowntimeMilliseconds), " ms")
    }

    /// Who is shut down, saved or moved cold for being unmovable, by other rules than the
    /// policy's.
    private static func unmovable(
        _ plan: UnmovableRules?, _ policy: UnmovableRules?
    ) -> [LooserOption] {
        guard let plan, plan != policy, plan != .off, plan != UnmovableRules() else { return [] }
        return [
            LooserOption(
                name: "unmovable", planned: plan.text, allowed: (policy ?? UnmovableRules()).text)
        ]
    }

    /// Whose disks are copied, and whether the originals are then removed.
    private static func copies(
        _ plan: MigrationOptions, _ policy: MigrationOptions
    ) -> [LooserOption] {
        domains("copy-storage-all", plan.copyStorageAll, policy.copyStorageAll)
            + domains("copy-storage-inc", plan.copyStorageInc, policy.copyStorageInc)
            + flag("keep-images", plan.keepsImages != true, policy.keepsImages != true, isOff: true)
    }

    /// Who drives a migration, where the policy says it.
    private static func routes(
        _ plan: MigrationOptions, _ policy: MigrationOptions
    ) -> [LooserOption] {
        guard policy.route != .automatic, plan.route != policy.route else { return [] }
        let name = policy.route == .managed ? "managed" : "p2p"
        return [LooserOption(name: name, planned: plan.route.rawValue, allowed: name)]
    }

    private static func times(
        _ plan: MigrationOptions, _ policy: MigrationOptions
    ) -> [LooserOption] {
        most("timeout", plan.timeoutSeconds, policy.timeoutSeconds, " s")
            + most(
                "shutdown-timeout", plan.shutdownSeconds ?? assumedShutdown,
                policy.shutdownSeconds ?? assumedShutdown, " s")
            + most("attempts", plan.attempts, policy.attempts, "")
    }

    private static let assumedShutdown = 120

    private static func rates(
        _ plan: MigrationOptions, _ policy: MigrationOptions
    ) -> [LooserOption] {
        most("bandwidth", plan.widestBandwidth, policy.widestBandwidth, " MiB/s")
            + (plan.mayEndInPostcopy
                ? most(
                    "postcopy-bandwidth", plan.postcopyBandwidth, policy.postcopyBandwidth,
                    " MiB/s") : [])
    }

    // MARK: Comparing

    /// `isOff` where the looser value of the option is that it is off.
    private static func flag(
        _ name: String, _ plan: Bool, _ policy: Bool, isOff: Bool = false
    ) -> [LooserOption] {
        guard plan, !policy else { return [] }
        return [
            LooserOption(
                name: name, planned: isOff ? "off" : "on", allowed: isOff ? "on" : "off")
        ]
    }

    /// nil is no limit.
    private static func most(
        _ name: String, _ plan: Int?, _ policy: Int?, _ unit: String
    ) -> [LooserOption] {
        guard let policy, plan.map({ $0 > policy }) ?? true else { return [] }
        return [
            LooserOption(
                name: name, planned: plan.map { "\($0)\(unit)" } ?? "no limit",
                allowed: "\(policy)\(unit)")
        ]
    }

    private static func domains(
        _ name: String, _ plan: [String]?, _ policy: [String]?
    ) -> [LooserOption] {
        let more = (plan ?? []).filter { !isCovered($0, by: policy ?? []) }
        guard !more.isEmpty else { return [] }
        return [
            LooserOption(
                name: name, planned: more.joined(separator: ", "),
                allowed: (policy ?? []).isEmpty
                    ? "nothing" : (policy ?? []).joined(separator: ", "))
        ]
    }

    /// Does every name that this pattern matches match one of these?
    private static func isCovered(_ pattern: String, by allowed: [String]) -> Bool {
        if allowed.contains("*") || allowed.contains(pattern) { return true }
        let isName = !pattern.contains { $0 == "*" || $0 == "?" }
        return isName && allowed.contains { NamePattern($0).matches(pattern) }
    }
}

extension PlanService {
    /// Refuses what in a saved plan is looser than the policy at hand and is not accepted by its
    /// name; tells what is.
    package func refuseLooser(
        _ plan: MigrationPlan, from file: String, accepting accepted: [String],
        _ flags: CommandFlags
    ) async throws {
        if let unknown = accepted.first(where: { !LooserOption.names.contains($0) }) {
            throw CommandError(
                "--accept-plan-options: '\(unknown)' is none of: "
                    + LooserOption.names.joined(separator: ", "))
        }
        let looser = LooserOption.all(in: plan, comparedWith: policyAtHand)
        guard looser.allSatisfy({ accepted.contains($0.name) }) else {
            let names = looser.map(\.name).joined(separator: ",")
            throw CommandError(
                "\(file) asks for less care than policy '\(policyAtHand.name)', nothing was "
                    + "done:" + OutsideText.lines(looser.map(\.text))
                    + "\nMake a new plan: kvmbalance plan \(goal(of: plan)) --save "
                    + "\(file.quotedForShell)\(flags.planning)\nor use it as it is: kvmbalance "
                    + "apply \(file.quotedForShell) --accept-plan-options \(names)\(flags.planning)"
            )
        }
        for option in looser {
            await observer.progress.observe(
                .warning("\(file) is used as it is: \(option.text)"))
        }
    }
}
