import ClusterModel

/// One plain sentence for each step: why this domain, why this target, what it waits for.
struct Rationale {
    let problem: PlacementProblem
    let compatibility: Compatibility
    /// The placement after the plan.
    let final: WorkingPlacement
    /// Why the domains of a host leave it, for example "host1 is drained"; nil for hosts whose
    /// domains only make room.
    let cause: (PlannedMove) -> String?

    func text(
        _ move: PlannedMove, waits: [StepGraph.Wait], stepNumber: [Int], sequence: [PlannedMove],
        isDetour: Bool, isChosen: Bool
    ) -> String {
        let target = problem.hosts[move.target].name
        var parts: [String] = []
        if isDetour {
            parts.append(
                "makes a detour to \(target), because moves wait for each other in a circle")
        } else if move.target == problem.origin[move.domain] {
            parts.append("returns to its original host after making room")
        } else {
            parts.append(cause(move) ?? makesRoom(move, sequence))
            if isChosen { parts.append(choice(move)) }
        }
        parts += waiting(move, waits, stepNumber, sequence)
        return parts.joined(separator: "; ")
    }

    /// What does not forbid the move but should be known before it.
    func cautions(_ move: PlannedMove) -> [String] {
        guard let from = problem.hosts[move.source].facts,
            let to = problem.hosts[move.target].facts
        else { return [] }
        let domain = problem.domains[move.domain].facts
        let names = compatibility.interfaces(move.domain, from: move.source, to: move.target)
        return domain.cautions + Cautions.about(domain, from: from, to: to, named: names)
            + Neighbours.cautions(move, in: final) + modeNotes(move, domain)
    }

    /// What a way costs that is not the ordinary one.
    private func modeNotes(_ move: PlannedMove, _ domain: DomainFacts) -> [String] {
        let disks = compatibility.copies(move.domain, from: move.source, to: move.target)
        let size = domain.disks.filter { disks.contains($0.target) }.reduce(Bytes.zero) {
            $0 + $1.size
        }
        let amount = size > .zero ? "\(size)" : "of unknown size"
        let copied =
            disks.isEmpty ? [] : ["copies \(disks.joined(separator: ", ")) (\(amount))"]
        let along = networks(move) + emulators(move) + copied
        guard
            compatibility.mode(move.domain, from: move.source, to: move.target) == .offline
        else { return along }
        let cold =
            domain.state.isActive
            ? "is shut down, moved cold and started again: down in between"
            : "is shut off: only its definition moves"
        return [cold] + along
    }

    private func networks(_ move: PlannedMove) -> [String] {
        compatibility.interfaces(move.domain, from: move.source, to: move.target)
            .sorted { $0.key < $1.key }.map { "its network \($0.key) is \($0.value) there" }
    }

    private func emulators(_ move: PlannedMove) -> [String] {
        compatibility.emulators(move.domain, from: move.source, to: move.target)
            .map { "its QEMU \($0.key) is \($0.value) there" }
    }

    private func makesRoom(_ move: PlannedMove, _ sequence: [PlannedMove]) -> String {
        let source = problem.hosts[move.source].name
        let arrivals = sequence.filter { $0.target == move.source && $0.domain != move.domain }
        let names = arrivals.prefix(3).map { problem.domains[$0.domain].name }
        return names.isEmpty
            ? "leaves \(source) together with others"
            : "makes room on \(source) for "
                + names.joined(separator: ", ")
    }

    /// Compares the target, as it will be, with every other host that would still take the domain.
    private func choice(_ move: PlannedMove) -> String {
        let own = final.share(of: move.target)
        let link = problem.hosts[move.target].linkMbps
        var fitting = 1
        var isEmptiest = true
        // Is every emptier one at the end of a slower link?
        var isFaster = true
        var splitsElsewhere = false
        for host in problem.hosts.indices where host != move.target && host != move.source {
            guard compatibility.allows(move.domain, from: move.source, to: host),
                final.overflow(adding: move.domain, to: host) == nil,
                final.brokenGroup(move.domain, at: host, isMoving: true) == nil
            else { continue }
            fitting += 1
            splitsElsewhere = splitsElsewhere || problem.isSplit(move.domain, on: host)
            if final.share(of: host, adding: move.domain) < own {
                isEmptiest = false
                isFaster = isFaster && problem.hosts[host].linkMbps < link
            }
        }
        let name = problem.hosts[move.target].name
        let index = move.target * problem.width + ResourceLayout.memory
        let memory = WorkingPlacement.share(final.load[index], of: problem.capacity[index])
        let isWhole = splitsElsewhere && !problem.isSplit(move.domain, on: move.target)
        let cell = isWhole ? "one NUMA cell of \(name) can hold it whole; " : ""
        let full = "\(cell)\(name) will have \((memory + 50) / 100) % of its memory allocated"
        if fitting == 1 { return "\(full) and is the only host that fits" }
        if isEmptiest { return "\(full) and is the least loaded of \(fitting) hosts that fit" }
        return isFaster
            ? "\(full), and the emptier of \(fitting) hosts that fit have slower links"
            : "\(full); \(fitting) hosts would fit"
    }

    private func waiting(
        _ move: PlannedMove, _ waits: [StepGraph.Wait], _ number: [Int],
        _ sequence: [PlannedMove]
    ) -> [String] {
        var texts: [String] = []
        for step in Set(waits.map(\.step)).sorted(by: { number[$0] < number[$1] }) {
            let own = waits.filter { $0.step == step }
            let name = "waits for step \(number[step])"
            let group = own.lazy.compactMap { wait -> Int? in
                switch wait.cause {
                case .group(let index): index
                case .resource, .sameDomain, .spareRoom: nil
                }
            }.first
            if own.contains(where: { $0.cause == .sameDomain }) {
                texts.append("\(name), which brings it here")
            } else if own.contains(where: { $0.cause == .spareRoom }) {
                texts.append("\(name), so that any one host may fail in the meantime (N+1)")
            } else if let group {
                let other = problem.domains[sequence[step].domain].name
                texts.append(
                    "\(name), which takes \(other) of \(problem.groups[group].title) away")
            } else {
                let frees = own.prefix(1).map { wait -> String in
                    guard case .resource(let index, _) = wait.cause else { return "room" }
                    let amount = problem.load(of: sequence[step].domain, index)
                    return problem.layout.resources[index].text(amount)
                }
                texts.append("\(name), which frees \(frees.first ?? "room") there")
            }
        }
        return texts
    }
}
