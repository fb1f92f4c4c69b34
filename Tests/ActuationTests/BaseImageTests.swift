import Actuation
import ClusterModel
import Execution
import Synchronization
import TestSupport
import Testing

/// Base images that are not copied: all of their bytes are compared, once.
struct BaseImageTests {
    private static let base = "/local/base.qcow2"

    private static func overlay() -> DiskImage {
        var image = DiskImage(
            disk: "vda", path: "/local/a", pool: "local", volume: "a", format: "qcow2",
            capacity: 1, length: 1, allocation: 1)
        image.bases = [BaseImage(path: base)]
        return image
    }

    private func host(_ name: HostName, _ content: String, at time: String = "1") -> FakeHost {
        let host = FakeHost(name) {
            if name == "host1" { ($0.presence, $0.images) = (.running, [Self.overlay()]) }
        }
        host.write(content, to: Self.base, at: time)
        return host
    }

    /// What is kept from one run to the next.
    private final class Shelf: Sendable {
        private let known = Mutex<[String: KnownChecksum]>([:])
        var memory: ChecksumMemory {
            ChecksumMemory(
                recall: { host, path in self.known.withLock { $0["\(host):\(path)"] } },
                keep: { host, path, sum in self.known.withLock { $0["\(host):\(path)"] = sum } })
        }
    }

    /// Moves the domain of host1 to host2 with its top layer.
    private func run(
        _ hosts: [FakeHost], _ shelf: Shelf, stop: Bool = false
    ) async -> (journal: [JournalEvent], notes: [String]) {
        var plan = MigrationPlan.ofOneStep
        plan.steps[0].mode = .storage
        plan.options.attempts = 1
        let facts = [
            JournalEvent.taken(process: 1, goal: .forward), .planned(plan, goal: .forward),
        ]
        var state = RunState(plan: plan)
        for event in facts { state.apply(event, at: Timestamp(seconds: 1)) }
        let (journal, notes) = (ListJournal(), Notes())
        let executor = RunExecutor(
            run: RunID(1), machine: RunMachine(state: state, recovering: false),
            journal: journal,
            connections: Dictionary(uniqueKeysWithValues: hosts.map { ($0.host, $0.connection) }),
            clock: WorldClock(now: { Timestamp(seconds: 2) }, sleep: { _ in await Task.yield() }),
            observer: notes, checksums: shelf.memory, closure: { _ in nil }
        ) { _, _, _ in throw NoPlan() }
        if stop {
            notes.whenReading.withLock { $0 = { executor.send(.stop(reason: "enough")) } }
        }
        _ = await executor.execute()
        return (journal.events.withLock(\.self), notes.texts.withLock(\.self))
    }

    private func reads(_ host: FakeHost) -> Int {
        host.now.deeds.count { $0 == "read \(Self.base)" }
    }

    private func error(_ journal: [JournalEvent]) -> String {
        journal.compactMap { if case .failed(_, let error) = $0 { error } else { nil } }.first ?? ""
    }

    private func begins(_ journal: [JournalEvent]) -> Bool {
        journal.contains { if case .intent = $0 { true } else { false } }
    }

    @Test func aBaseThatDiffersAnywhereStopsTheStepBeforeItBegins() async {
        let (source, target) = (host("host1", "sum 1"), host("host2", "sum 2"))
        let (journal, notes) = await run([source, target], Shelf())
        #expect(!begins(journal) && source.now.deeds == ["read \(Self.base)"])
        #expect(error(journal).contains("host1 has sum 1, host2 has sum 2"), "\(error(journal))")
        #expect(error(journal).contains("read wrong data"))
        #expect(
            notes.contains { $0.hasPrefix("reads all of the base image \(Self.base) on host2") })
    }

    @Test func anEqualBaseIsReadOnceUntilItChanges() async {
        let (source, target) = (host("host1", "same"), host("host2", "same"))
        let shelf = Shelf()
        for _ in 1...2 {
            let (journal, _) = await run([source, target], shelf)
            #expect(begins(journal))
            guard
                case .preparing(_, let preparation)? = journal.first(where: {
                    if case .preparing = $0 { true } else { false }
                })
            else { return #expect(Bool(false), "nothing was prepared") }
            #expect(
                preparation.images[0].bases == [BaseImage(path: Self.base, fingerprint: "same")])
        }
        #expect(reads(source) == 1 && reads(target) == 1)
        // Patched in place: of the same length, and its old time of modification put back.
        target.write("patched", to: Self.base, at: "2")
        let (journal, _) = await run([source, target], shelf)
        #expect(error(journal).contains("host2 has patched"))
        #expect(reads(source) == 1 && reads(target) == 2)
    }

    @Test func whatHasNoTimesIsNotRemembered() async {
        let hosts = ["host1", "host2"].map { name in
            FakeHost(HostName(name)) {
                if name == "host1" { ($0.presence, $0.images) = (.running, [Self.overlay()]) }
                $0.files[Self.base] = (FileStamp(length: 7), "same")
            }
        }
        let shelf = Shelf()
        for _ in 1...2 { _ = await run(hosts, shelf) }
        #expect(hosts.map(reads) == [2, 2])
    }

    @Test func oneFileOnSharedStorageIsNotReadAtAll() async {
        let hosts = ["host1", "host2"].map { name in
            FakeHost(HostName(name)) {
                if name == "host1" { ($0.presence, $0.images) = (.running, [Self.overlay()]) }
                $0.files[Self.base] = (FileStamp(length: 7, storage: "netfs:nfs:nas:/vms"), name)
            }
        }
        let (journal, _) = await run(hosts, Shelf())
        #expect(begins(journal) && hosts.map(reads) == [0, 0])
    }

    @Test(.timeLimit(.minutes(1))) func whoStopsTheRunDoesNotWaitForAFile() async {
        let source = FakeHost("host1") {
            ($0.presence, $0.images) = (.running, [Self.overlay()])
            $0.readsUntilCancelled = true
        }
        source.write("same", to: Self.base, at: "1")
        let (journal, _) = await run([source, host("host2", "same")], Shelf(), stop: true)
        #expect(!begins(journal))
    }

    private struct NoPlan: Error {}

    private final class Notes: RunObserver {
        let texts = Mutex<[String]>([])
        let whenReading = Mutex<(@Sendable () -> Void)?>(nil)
        func observe(_ update: RunUpdate) {
            guard case .note(let text) = update else { return }
            texts.withLock { $0.append(text) }
            if text.hasPrefix("reads all") { whenReading.withLock(\.self)?() }
        }
    }

    private final class ListJournal: RunJournal {
        let events = Mutex<[JournalEvent]>([])
        func open(_: MigrationPlan, at: Timestamp, process: Int32) throws -> RunID { RunID(1) }
        func append(_ event: JournalEvent, to: RunID, at: Timestamp) {
            events.withLock { $0.append(event) }
        }
        func records(of: RunID) -> [JournalRecord] { [] }
        func runs() -> [RunID] { [] }
    }
}
