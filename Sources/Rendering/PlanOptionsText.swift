package import ClusterModel
import Operations

/// The options of a plan that change what a guest goes through, or who can read its memory: they
/// may come from a policy, a command line or a file, and whoever agrees to the plan must see them.
struct PlanOptionsText {
    let plan: MigrationPlan

    /// One sentence; nil where nothing moves.
    var text: String? {
        let words = way + (plan.options.unsafe ? ["libvirt's storage check is off (unsafe)"] : [])
        return words.isEmpty ? nil : "Options: \(words.joined(separator: "; "))."
    }

    private var way: [String] {
        let (moving, options) = (plan.steps.filter(\.mode.isLive), plan.options)
        var words: [String] = []
        if !moving.isEmpty {
            words.append(protection(disksToo: moving.contains { $0.mode == .storage }))
            if options.suspend { words.append("guests stay paused on the target (suspend)") }
            if options.mayEndInPostcopy {
                words.append("may end in post-copy, when a guest needs both hosts (postcopy)")
            }
        }
        var names: [String] = []
        for step in plan.steps where step.shutsDown && !names.contains(step.domainName) {
            names.append(step.domainName)
        }
        if !names.isEmpty {
            let verb = names.count == 1 ? "is" : "are"
            words.append(
                "\(names.joined(separator: ", ")) \(verb) shut down, and started on the target "
                    + "(offline)")
        }
        return words + stops
    }

    /// Who is down until somebody brings it back.
    private var stops: [String] {
        [(Step.Mode.shutdown, "shut down"), (.save, "saved to disk")].flatMap { mode, what in
            let own = plan.steps.filter { $0.mode == mode }
            return Set(own.map(\.move.source)).sorted().map { host in
                let names = own.filter { $0.move.source == host }.map(\.domainName)
                return "\(names.joined(separator: ", ")) \(names.count == 1 ? "is" : "are") "
                    + "\(what) on \(host) and down until 'kvmbalance return \(host)' (unmovable)"
            }
        }
    }

    private func protection(disksToo: Bool) -> String {
        let what = disksToo ? "guests' memory and disks" : "guests' memory"
        if plan.options.tls { return "\(what) encrypted (tls)" }
        return plan.options.tunnelled
            ? "\(what) through libvirtd's connections (tunnelled)"
            : "\(what) unencrypted on the network (no tls)"
    }
}

extension MigrationPlan {
    /// How many migrations, and what guests go through that nobody expects of one: `3 migrations,
    /// 1 of them with the guest shut down meanwhile`.
    package var migrations: String {
        let moving = migrationSteps
        let cold = moving.count(where: \.shutsDown)
        var words =
            moving.isEmpty && !steps.isEmpty ? [] : [Format.plural(moving.count, "migration")]
        switch cold {
        case 0: break
        case moving.count:
            words.append("\(cold == 1 ? "" : "all ")with the guest shut down meanwhile")
        default: words.append("\(cold) of them with the guest shut down meanwhile")
        }
        if options.suspend, moving.contains(where: \.mode.isLive) {
            words.append("guests paused afterwards")
        }
        return (words + changesInPlace).joined(separator: ", ")
    }

    /// `2 guests shut down until return`.
    private var changesInPlace: [String] {
        let kinds: [(Step.Mode, String)] = [
            (.shutdown, "shut down until return"), (.save, "saved until return"),
            (.start, "started again"), (.restore, "restored"),
        ]
        return kinds.compactMap { mode, what in
            let count = steps.count { $0.mode == mode }
            return count == 0 ? nil : "\(Format.plural(count, "guest")) \(what)"
        }
    }
}

extension Step {
    /// Is a running guest shut down for it?
    fileprivate var shutsDown: Bool { mode == .offline && !isShutOff }
}

extension Step.Mode {
    /// Does its guest run while it moves?
    fileprivate var isLive: Bool { self == .live || self == .storage }
}
