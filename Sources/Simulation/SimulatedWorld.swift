package import ClusterModel

/// Hosts, domains and migrations under way: a value that advances with its own clock and refuses
/// what a real host would refuse.
///
/// Everything in it is decided by its content and the time it is advanced to: two copies that are
/// asked the same give the same answers.
package struct SimulatedWorld: Hashable, Codable, Sendable {
    /// Migrations run this many times faster than on real hosts.
    package var speed: Double
    package private(set) var now: Timestamp
    /// In order of name.
    package internal(set) var hosts: [SimulatedHost]
    package internal(set) var migrations: [SimulatedMigration] = []
    /// The latest ones, in order of their end.
    package internal(set) var ended: [EndedMigration] = []
    package var schedule: [ScheduledFault] = []
    package internal(set) var fates: [DomainOutcome] = []
    /// Hosts that a person has put in maintenance since the world began.
    package internal(set) var closed: Set<HostName> = []
    /// What we did that nobody may do. Always empty, or the executor has a bug.
    package internal(set) var violations: [String] = []
    var shells: [StaleIncoming] = []
    /// Other people's work on domains; nil where there was none yet.
    var otherJobs: [OtherJob]?
    /// One word where nothing moves cold and no images are followed.
    private var boxedTruth: Boxed<WorldTruth>?
    var nextMigration = 1

    /// An incoming process whose migration was cancelled and that its host has yet to clean up.
    struct StaleIncoming: Hashable, Codable, Sendable {
        var domain: DomainID
        var host: HostName
        var until: Timestamp
    }

    package init(hosts: [SimulatedHost], now: Timestamp, speed: Double = 1) {
        self.hosts = hosts.sorted { $0.name < $1.name }
        self.now = now
        self.speed = speed
    }

    /// Nil where nothing moves cold and no images are followed.
    var truth: WorldTruth? {
        get { boxedTruth?.wrappedValue }
        set { boxedTruth = newValue.map { Boxed(wrappedValue: $0) } }
    }
    var hasTruth: Bool { boxedTruth != nil }

    package func host(_ name: HostName) -> SimulatedHost? { index(of: name).map { hosts[$0] } }

    package func copy(of domain: DomainID, on host: HostName) -> SimulatedDomain? {
        index(of: host).flatMap { hosts[$0].domain(domain) }
    }

    package func migration(of domain: DomainID) -> SimulatedMigration? {
        migrations.first { $0.domain == domain }
    }

    package func ending(of migration: Int) -> EndedMigration? {
        ended.last { $0.id == migration }
    }

    /// Where the guest runs or is paused with its newest memory; more than one after a split brain.
    package func holders(of domain: DomainID) -> [HostName] {
        hosts.filter { !$0.isLost && $0.domain(domain)?.holdsGuest == true }.map(\.name)
    }

    package func fates(of domain: DomainID) -> [DomainOutcome.Kind] {
        fates.filter { $0.domain == domain }.map(\.kind)
    }

    /// Adds a host or a domain by hand, as somebody who builds a scenario does.
    package mutating func place(_ domain: SimulatedDomain, on host: HostName) {
        guard let index = index(of: host) else { return }
        hosts[index].insert(domain)
    }

    package mutating func changeHost(_ name: HostName, _ change: (inout SimulatedHost) -> Void) {
        guard let index = index(of: name) else { return }
        change(&hosts[index])
    }

    /// By bisection: a fleet of hundreds is asked thousands of times.
    func index(of name: HostName) -> Int? {
        var low = 0
        var high = hosts.count
        while low < high {
            let middle = (low + high) / 2
            if hosts[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low < hosts.count && hosts[low].name == name ? low : nil
    }

    mutating func update(
        _ domain: DomainID, on host: HostName, _ change: (inout SimulatedDomain) -> Void
    ) {
        guard let index = index(of: host) else { return }
        hosts[index].update(domain, change)
    }

    /// Where the definition goes too, libvirt deletes the state of an emulated TPM unless it is to
    /// be kept.
    mutating func endProcess(
        of domain: DomainID, on host: HostName, keepingDefinition: Bool,
        tpm: TPMRemoval = .deletedUnlessKept
    ) {
        guard let index = index(of: host) else { return }
        if hasTruth { endFiles(of: domain, index, keepingDefinition ? .left : tpm) }
        hosts[index].end(domain, keepingDefinition: keepingDefinition, at: now)
    }

    mutating func note(_ kind: DomainOutcome.Kind, of domain: DomainID) {
        let fate = DomainOutcome(domain: domain, kind: kind)
        if !fates.contains(fate) { fates.append(fate) }
    }

    /// A span of libvirt's own, in this world's faster time.
    func span(_ milliseconds: Int64) -> Int64 {
        max(1, Int64((Double(milliseconds) / speed).rounded()))
    }

    /// Lets time pass: migrations go on, scheduled faults are injected. Complexity: O(changes ·
    /// migrations).
    package mutating func advance(to time: Timestamp) {
        advance(to: time, knowing: nextChange)
    }

    /// The same for a caller who has just asked when the next change is due.
    mutating func advance(to time: Timestamp, knowing change: Timestamp?) {
        guard let change, change <= time else {
            now = max(now, time)
            return
        }
        now = max(now, change)
        pass()
        while let change = nextChange, change <= time {
            now = max(now, change)
            pass()
        }
        now = max(now, time)
    }
}
