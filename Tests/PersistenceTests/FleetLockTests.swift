import Execution
import Foundation
import Persistence
import Testing

/// The file of the lock: what it is opened on, and what it says of its holder.
struct FleetLockTests {
    private func acquire(_ scratch: Scratch) throws -> FleetLock.Acquisition {
        try FleetLock.acquire(directory: scratch.path, purpose: "drain host1", run: RunID(7))
    }

    private func refusal(_ scratch: Scratch) -> StoreError? {
        do {
            _ = try acquire(scratch)
            return nil
        } catch { return error as? StoreError }
    }

    @Test func aLinkIsNotFollowed() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let precious = scratch.file("precious")
        try "1\nkeep me\n".write(toFile: precious, atomically: true, encoding: .utf8)
        try FileManager.default.createSymbolicLink(
            atPath: scratch.file(FleetLock.fileName), withDestinationPath: precious)
        let error = refusal(scratch)
        #expect(error?.kind == .foreign)
        #expect(error?.remedy?.contains("it is a link") == true)
        #expect(try String(contentsOfFile: precious, encoding: .utf8) == "1\nkeep me\n")
    }

    @Test(arguments: ["notes of somebody\n", "12 monkeys\n", String(repeating: "1", count: 9000)])
    func whatIsNoLockIsLeftAsItIs(text: String) throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let file = scratch.file(FleetLock.fileName)
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        let error = refusal(scratch)
        #expect(error?.kind == .foreign && error?.remedy != nil)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
    }

    @Test func aSecondNameOfAnotherFileIsNoLock() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let precious = scratch.file("precious")
        try "1\n".write(toFile: precious, atomically: true, encoding: .utf8)
        try FileManager.default.linkItem(
            atPath: precious, toPath: scratch.file(FleetLock.fileName))
        #expect(refusal(scratch)?.kind == .foreign)
        #expect(try String(contentsOfFile: precious, encoding: .utf8) == "1\n")
    }

    private func holder(_ lines: [String]) async throws -> FleetLock.Holder? {
        let scratch = try Scratch()
        defer { scratch.remove() }
        guard case .acquired(let lock) = try acquire(scratch) else { return nil }
        defer { lock.release() }
        let text = lines.joined(separator: "\n") + "\n"
        // In place: the lock is on this file.
        let file = try #require(FileHandle(forWritingAtPath: lock.path))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
        guard case .held(let holder) = try acquire(scratch) else { return nil }
        return holder
    }

    @Test func theHolderSaysWhichProcessOfWhichMachineItIs() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        guard case .acquired(let lock) = try acquire(scratch),
            case .held(let holder) = try acquire(scratch)
        else {
            Issue.record("the lock is not held")
            return
        }
        #expect(holder.run == RunID(7) && holder.process == getpid())
        #expect(holder.origin?.isHere == true)
        lock.release()
    }

    /// Number 1 lives, and may be signalled by root: it is not the process that took the lock.
    @Test func aProcessThatHasTheNumberByNowIsNotSignalled() async throws {
        let sleeper = Process()
        sleeper.executableURL = URL(fileURLWithPath: "/bin/sleep")
        sleeper.arguments = ["60"]
        try sleeper.run()
        defer { sleeper.terminate() }
        let machine = MachineIdentity.present
        let number = "\(sleeper.processIdentifier)"
        // Taken before the machine booted last; on another machine; by a process that has ended.
        let origins = [
            "\(machine.machine) another-boot 5", "another-machine \(machine.boot) 5",
            "\(machine.machine) \(machine.boot) 5",
        ]
        for origin in origins {
            let holder = try #require(try await holder([number, "drain", "7", origin]))
            #expect(!holder.send(SIGTERM), "\(origin)")
        }
        // An older version did not say.
        let old = try #require(try await holder([number, "drain", "7"]))
        #expect(old.origin == nil && !old.send(SIGTERM))
        #expect(sleeper.isRunning)
        let other = try #require(
            try await holder([number, "drain host1", "7", "another-machine x 5"]))
        #expect(other.description == "process \(number) of another machine (drain host1)")
    }
}
