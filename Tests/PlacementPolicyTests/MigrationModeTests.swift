import ClusterModel
import PlacementPolicy
import Testing

/// What the policy lets move in which way, and what excludes each other.
@Suite struct MigrationModeTests {
    private func policy(_ migration: String) throws -> Policy {
        try Policy(yaml: "name: x\nmigration: {\(migration)}\n")
    }

    private func facts(_ name: String) -> DomainFacts {
        DomainFacts(id: DomainID(name), name: name, memory: 1)
    }

    @Test func `nothing is copied or stopped that is not named`() throws {
        let plain = try policy("live: true")
        #expect(plain.coldMove(of: facts("web1")) == .never && plain.storageCopy(of: "web1") == nil)
        let some = try policy("offline: [db-*], copy-storage-all: [web?], copy-storage-inc: [c1]")
        #expect(
            some.coldMove(of: facts("db-1")) == .always
                && some.coldMove(of: facts("web1")) == .never)
        #expect(some.storageCopy(of: "web1") == .all && some.storageCopy(of: "c1") == .topLayer)
        #expect(some.storageCopy(of: "db-1") == nil)
        let needed = try policy("offline: true, live: true")
        #expect(needed.coldMove(of: facts("web1")) == .whereNeeded)
        #expect(try policy("offline: false").coldMove(of: facts("web1")) == .never)
    }

    @Test func `a transient domain never moves cold`() throws {
        let all = try policy("offline: true")
        var facts = DomainFacts(id: "a", name: "a", isPersistent: false, memory: 1)
        #expect(all.blockers(of: facts).map(\.reason) == [.state])
        facts.isPersistent = true
        facts.blockers = [
            Blocker(domain: "a", reason: .security, detail: "SEV", remedy: ""),
            Blocker(domain: "a", reason: .hostDevice, detail: "GPU", remedy: ""),
        ]
        #expect(all.blockers(of: facts).map(\.reason) == [.hostDevice])
        #expect(try policy("live: true").blockers(of: facts).count == 2)
        facts.state = .shutOff
        #expect(all.movesDefinition(of: facts))
        facts.hasManagedSave = true
        #expect(!all.movesDefinition(of: facts))
    }

    @Test func `what an unmovable guest is to have is read by word and by name`() throws {
        func policy(_ unmovable: String) throws -> Policy {
            try Policy(yaml: "name: x\nunmovable: \(unmovable)\n")
        }
        #expect(try policy("shutdown").unmovableAction(of: facts("a")) == .shutdown)
        #expect(Policy.default.unmovableAction(of: facts("a")) == .stay)
        let some = try policy(
            "{save: [db*], shutdown: ['*'], cold: [x], stay: [db9], others: cold}")
        #expect(some.unmovableAction(of: facts("db1")) == .save)
        #expect(some.unmovableAction(of: facts("db9")) == .stay)
        #expect(some.unmovableAction(of: facts("x")) == .cold)
        #expect(some.unmovableAction(of: facts("web")) == .shutdown)
        var own = facts("db1")
        own.unmovable = .stay
        #expect(some.unmovableAction(of: own) == .stay)
        var off = some
        off.migration.unmovable = .off
        own.unmovable = .shutdown
        #expect(off.unmovableAction(of: own) == .stay)
        for wrong in ["down", "{shutdown: web}", "{destroy: [a]}", "[a]"] {
            #expect(throws: PolicyError.self, "\(wrong)") { try policy(wrong) }
        }
        // Nothing but the planner has a guest moved cold for it.
        #expect(try policy("cold").coldMove(of: facts("a")) == .never)
    }

    @Test func `every rule can be broken, says what instead, and breaks alone`() {
        let ways: [(String, (inout MigrationOptions) -> Void)] = [
            ("tunnelled managed", { ($0.tunnelled, $0.route) = (true, .managed) }),
            ("tunnelled parallel", { ($0.tunnelled, $0.parallel) = (true, 2) }),
            ("tunnelled postcopy", { ($0.tunnelled, $0.postcopy) = (true, true) }),
            ("tunnelled tls", { ($0.tunnelled, $0.tls) = (true, true) }),
            (
                "tunnelled copy-storage-all",
                { ($0.tunnelled, $0.copyStorageAll) = (true, ["a"]) }
            ),
            (
                "tunnelled copy-storage-inc",
                { ($0.tunnelled, $0.copyStorageInc) = (true, ["a"]) }
            ),
            ("tunnelled offline", { ($0.tunnelled, $0.offline) = (true, ["*"]) }),
            ("postcopy suspend", { ($0.postcopy, $0.suspend) = (true, true) }),
            ("postcopy parallel", { ($0.postcopy, $0.parallel) = (true, 2) }),
            ("postcopy-bandwidth", { $0.postcopyBandwidth = 5 }),
            ("offline suspend", { ($0.offline, $0.suspend) = (["*"], true) }),
            ("offline postcopy", { ($0.offline, $0.postcopy) = (["*"], true) }),
            (
                "copy-storage-all copy-storage-inc",
                { ($0.copyStorageAll, $0.copyStorageInc) = (["a"], ["a"]) }
            ),
            (
                "copy-storage-all postcopy",
                { ($0.copyStorageInc, $0.postcopy) = (["a"], true) }
            ),
            ("compressed parallel", { ($0.compression, $0.parallel) = (.init(), 2) }),
            (
                "compressed postcopy",
                { ($0.compression, $0.postcopy) = (.init(.multithreaded), true) }
            ),
            ("comp-mt-level", { $0.compression = .init(.xbzrle, threads: 2) }),
            ("max-bandwidth", { $0.maxBandwidth = 5 }),
            ("bandwidth max-bandwidth", { ($0.bandwidth, $0.maxBandwidth) = (5, 4) }),
            ("comp-xbzrle-cache", { $0.compression = .init(.multithreaded, cache: 5) }),
        ]
        #expect(MigrationRules.broken(by: MigrationOptions()).isEmpty)
        for (words, change) in ways {
            var options = MigrationOptions()
            change(&options)
            let broken = MigrationRules.broken(by: options)
            #expect(broken.map { $0.words.joined(separator: " ") } == [words])
            #expect(broken.first?.text(in: .policy).contains("Instead: ") == true)
        }
        #expect(Set(ways.map(\.0)).count == MigrationRules.table.count)
    }
}
