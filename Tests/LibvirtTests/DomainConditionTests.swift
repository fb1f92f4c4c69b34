import ClusterModel
import Testing

@testable import Libvirt

@Suite("Who owns a domain: states and reasons")
struct DomainConditionTests {
    /// Every state and reason of libvirt 9.0's virDomainState: what a sighting makes of it.
    static let table: [(state: Int32, reasons: ClosedRange<Int32>, DomainSighting.Presence)] = [
        (0, 0...0, .unknown),
        (1, 0...10, .running),  // post-copy too: the guest executes here
        (1, 11...11, .postcopyFailed),
        (2, 0...0, .running),
        (3, 0...1, .paused),
        (3, 2...2, .pausedByMigration),
        (3, 3...10, .paused),  // saved, dumped, I/O error, watchdog, …
        (3, 11...12, .pausedByMigration),  // starting up; the source during post-copy
        (3, 13...13, .postcopyFailed),
        (3, 14...14, .paused),
        (4, 0...1, .running),  // shutting down: it still executes
        (5, 0...8, .inactive),
        (7, 0...1, .paused),  // suspended to RAM by the guest
        (8, 0...0, .unknown),
        (99, 0...3, .unknown),
        (-1, 0...0, .unknown),
    ]

    @Test("The table, row by row", arguments: table)
    func presence(_ row: (state: Int32, reasons: ClosedRange<Int32>, DomainSighting.Presence)) {
        for reason in row.reasons {
            let condition = DomainCondition(state: row.state, reason: reason)
            #expect(condition.presence(isActive: true) == row.2, "\(condition)")
        }
    }

    @Test("A crashed domain is paused while its process lives")
    func crashed() {
        for reason: Int32 in 0...1 {
            let condition = DomainCondition(state: 6, reason: reason)
            #expect(condition.presence(isActive: true) == .paused)
            #expect(condition.presence(isActive: false) == .inactive)
        }
    }

    /// What of a domain that does not run was meant, what was not, and what nobody can tell.
    static let causes: [(state: Int32, reason: Int32, DomainSighting.Cause)] = [
        (5, 0, .unknown), (5, 1, .intent), (5, 2, .intent), (5, 3, .fault), (5, 4, .left),
        (5, 5, .intent), (5, 6, .unknown), (5, 7, .unknown), (5, 8, .unknown),
        (3, 0, .unknown), (3, 1, .intent), (3, 2, .unknown), (3, 5, .fault), (3, 6, .fault),
        (3, 10, .fault), (3, 14, .fault), (7, 0, .intent), (6, 0, .fault), (1, 1, .unknown),
        (5, 500, .unknown),
    ]

    @Test("Why a domain does not run", arguments: causes)
    func cause(_ row: (state: Int32, reason: Int32, DomainSighting.Cause)) {
        #expect(DomainCondition(state: row.state, reason: row.reason).cause == row.2)
    }

    @Test("Reasons that libvirt may add later change nothing that is known")
    func later() {
        #expect(DomainCondition(state: 1, reason: 500).presence(isActive: true) == .running)
        #expect(DomainCondition(state: 3, reason: 500).presence(isActive: true) == .paused)
        #expect(DomainCondition(state: 3, reason: 500).words == "paused, reason 500")
    }

    @Test("Queries that could wait for a job are not made while a migration arrives")
    func queries() {
        let forbidden: Set<[Int32]> = [[3, 2], [3, 11], [3, 12], [3, 13], [1, 10], [1, 11]]
        for state: Int32 in 0...8 {
            for reason: Int32 in 0...14 {
                let condition = DomainCondition(state: state, reason: reason)
                #expect(condition.allowsQueryJobs == !forbidden.contains([state, reason]))
            }
        }
    }

    @Test("Words for people")
    func words() {
        #expect(DomainCondition(state: 3, reason: 2).words == "paused, migration")
        #expect(DomainCondition(state: 1, reason: 2).words == "running, migrated")
        #expect(DomainCondition(state: 5, reason: 4).words == "shut-off, migrated")
        #expect(DomainCondition(state: 5, reason: 0).words == "shut-off")
        #expect(DomainCondition(state: 42, reason: 1).words == "state 42, reason 1")
    }
}
