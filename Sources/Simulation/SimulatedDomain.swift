package import ClusterModel

/// One copy of a domain on one simulated host, as libvirt there would show it, and the truth about
/// it that libvirt cannot show.
package struct SimulatedDomain: Hashable, Codable, Sendable {
    @Boxed package private(set) var facts: DomainFacts
    /// Never `absent` or `unknown`: a copy that is not there is not an element of its host.
    package private(set) var presence: DomainSighting.Presence
    /// Mean CPU demand while it runs.
    package var cpu: MilliCPU
    /// Bytes a second that the guest rewrites.
    package var dirtyRate: Bytes
    /// How much memory it rewrites over and over; nil when it may be all.
    package var hotSet: Bytes?
    /// When this QEMU process began; nil while there is none.
    package private(set) var startedAt: Timestamp?
    /// It waits for memory from another host.
    package var isIncoming = false
    /// The guest has run elsewhere since this copy stopped: to resume it would turn time back.
    package var isStale = false
    /// Memory that is still on the source, since post-copy lost its link.
    package var missing: Bytes?
    /// Its monitor does not answer before this moment.
    package var stuckUntil: Timestamp?
    /// One word where there is nothing, as in most worlds: copies of domains are made all the time.
    private var equipment: Boxed<SimulatedGuest>?
    /// Why it does not run, as libvirtd remembers it until it is started again.
    private(set) var cause: DomainSighting.Cause?
    /// The host had a definition before an incoming copy took its place.
    package var hadDefinition = false

    package init(
        facts: DomainFacts, cpu: MilliCPU = .zero, dirtyRate: Bytes = .zero,
        startedAt: Timestamp? = nil
    ) {
        self.facts = facts
        self.cpu = cpu
        self.dirtyRate = dirtyRate
        self.startedAt = startedAt
        presence =
            switch facts.state {
            case .running, .blocked, .shuttingDown: .running
            // Of a crashed one the process was kept.
            case .paused, .suspended, .crashed: .paused
            case .shutOff, .unknown: .inactive
            }
    }

    package var id: DomainID { facts.id }
    /// Firmware, TPM and manners; nil for a guest that has nothing but disks and obeys at once.
    package var guest: SimulatedGuest? { equipment?.wrappedValue }
    package var isActive: Bool { presence != .inactive }
    /// The guest with its newest memory: not a shell, not left behind.
    package var holdsGuest: Bool { isActive && !isIncoming && !isStale }

    package func isStuck(at time: Timestamp) -> Bool { stuckUntil.map { time < $0 } ?? false }

    package mutating func become(_ presence: DomainSighting.Presence, at time: Timestamp) {
        precondition(presence != .absent && presence != .unknown, "no copy is \(presence)")
        self.presence = presence
        switch presence {
        case .running: facts.state = .running
        case .inactive, .absent, .unknown: facts.state = .shutOff
        case .paused, .pausedByMigration, .postcopyFailed: facts.state = .paused
        }
        startedAt = presence == .inactive ? nil : startedAt ?? time
        cause = presence == .paused ? .intent : nil
    }

    /// Its process has ended here, or its guest has gone on elsewhere.
    mutating func end(at time: Timestamp) {
        let cause = isStale ? DomainSighting.Cause.left : .intent
        become(.inactive, at: time)
        isIncoming = false
        isStale = false
        missing = nil
        stuckUntil = nil
        self.cause = cause
    }

    /// libvirtd was started since: it knows that there is no process, and not why.
    mutating func forgetCause() {
        if presence == .inactive { cause = nil }
    }

    /// Gives it firmware, a TPM and manners, as a reader of its XML would find them.
    package mutating func equip(_ guest: SimulatedGuest) {
        equipment = Boxed(wrappedValue: guest)
        facts.coldBlockers = guest.coldLosses(of: facts.name)
    }

    package mutating func setSaved(_ value: Bool) { facts.hasManagedSave = value }
    package mutating func setBlockers(_ blockers: [Blocker]) { facts.blockers = blockers }
    package mutating func setUnmovable(_ action: UnmovableAction) { facts.unmovable = action }
    package mutating func setPersistent(_ value: Bool) { facts.isPersistent = value }
    package mutating func setAutostart(_ value: Bool) { facts.autostart = value }

    /// The same with its networks and its QEMU called by the names that the target has for them.
    package func renaming(_ names: [String: String]) -> Self {
        guard !names.isEmpty else { return self }
        var copy = self
        copy.facts.interfaces = facts.interfaces.map { card in
            card.source.flatMap { names[$0] }.map(card.plugged(into:)) ?? card
        }
        copy.facts.guest.emulator = facts.guest.emulator.map { names[$0] ?? $0 }
        return copy
    }

    /// The empty process that waits on a target for this domain.
    package func incomingCopy(at time: Timestamp, over definition: SimulatedDomain?) -> Self {
        var copy = self
        copy.startedAt = nil
        copy.become(.pausedByMigration, at: time)
        copy.isIncoming = true
        copy.isStale = false
        copy.stuckUntil = nil
        copy.hadDefinition = definition != nil
        copy.facts.isPersistent = definition != nil
        // libvirt copies the definition, and never the link in the autostart directory.
        copy.facts.autostart = definition?.facts.autostart ?? false
        return copy
    }

    /// Its definition as an offline migration leaves it, in place of an older one.
    func definition(over old: SimulatedDomain?) -> Self {
        var copy = self
        copy.become(.inactive, at: Timestamp(milliseconds: 0))
        copy.isStale = false
        copy.stuckUntil = nil
        copy.facts.isPersistent = true
        copy.facts.autostart = old?.facts.autostart ?? false
        return copy
    }

    /// CPU time of this QEMU process so far, in nanoseconds.
    package func cpuTime(at time: Timestamp) -> Int64 {
        guard let startedAt, !isIncoming else { return 0 }
        return SimulatedLoad(mean: cpu, of: id).nanoseconds(from: startedAt, to: time)
    }
}
