import CLibvirt
import ClusterModel
import Foundation
import HypervisorInterface
import Synchronization
import TestSupport
import Testing

@testable import Libvirt

@Suite("Connections: threads, limits, handles", .timeLimit(.minutes(1)))
struct ConnectionLaneTests {
    private let lane = ConnectionLane(host: "a", uri: "test:///default")

    private func hostname(_ limit: Duration = .seconds(20)) async throws -> String {
        try await lane.call("hostname", limit: limit) {
            try ownedString($0.use { virConnectGetHostname($0) })
        }
    }

    @Test("Calls of one connection run on one thread, which is not the caller's pool")
    func thread() async throws {
        var threads: Set<UInt> = []
        for _ in 0..<5 {
            threads.insert(try await lane.call("t", limit: .seconds(20)) { _ in pthread_self() })
        }
        #expect(threads.count == 1)
        let other = ConnectionLane(host: "b", uri: "test:///default")
        let otherThread = try await other.call("t", limit: .seconds(20)) { _ in pthread_self() }
        #expect(!threads.contains(otherThread))
    }

    @Test("A body that blocks does not hold up other connections")
    func independence() async throws {
        let gate = DispatchSemaphore(value: 0)
        let blocked = Task { [lane] in
            try await lane.call("block", limit: nil) { _ in gate.wait() }
        }
        let others = (0..<8).map {
            ConnectionLane(host: HostName("h\($0)"), uri: "test:///default")
        }
        for other in others {
            _ = try await other.call("hostname", limit: .seconds(20)) {
                try ownedString($0.use { virConnectGetHostname($0) })
            }
        }
        gate.signal()
        try await blocked.value
    }

    @Test("A call that overruns fails in time; the next goes on with a second connection")
    func timeout() async throws {
        let gate = DispatchSemaphore(value: 0)
        defer { gate.signal() }
        let start = ContinuousClock.now
        await #expect {
            try await lane.call("block", domain: "d", limit: .milliseconds(100)) { _ in gate.wait()
            }
        } throws: { error in
            let error = error as? HypervisorError
            return error?.kind == .timeout && error?.operation == "block" && error?.domain == "d"
                && error?.message == "no answer within 100 ms"
        }
        #expect(start.duration(to: .now) >= .milliseconds(100))
        #expect(try await !hostname().isEmpty)
    }

    @Test("Two stuck connections: fail at once, until one comes back")
    func stuck() async throws {
        let gate = DispatchSemaphore(value: 0)
        for _ in 0..<2 {
            _ = try? await lane.call("block", limit: .milliseconds(50)) { _ in gate.wait() }
        }
        let start = ContinuousClock.now
        await #expect(throws: HypervisorError.self) { try await hostname() }
        #expect(start.duration(to: .now) < .seconds(10))
        gate.signal()
        gate.signal()
        while (try? await hostname()) == nil { await Task.yield() }
    }

    @Test("A call that was given up while it waited is never begun")
    func abandoned() async throws {
        let gate = DispatchSemaphore(value: 0)
        let began = DispatchSemaphore(value: 0)
        let wasRun = Atomic(false)
        let first = Task { [lane] in
            try await lane.call("block", limit: nil) { _ in
                began.signal()
                gate.wait()
            }
        }
        await Task.detached { began.waitForever() }.value
        await #expect {
            try await lane.call("order", limit: .milliseconds(50)) { _ in
                wasRun.store(true, ordering: .relaxed)
            }
        } throws: { "\($0)".contains("it was not started and will not be") }
        gate.signal()
        try await first.value
        // The lane went on with another connection; whatever waited on the first is through now.
        _ = try await hostname()
        let wasBegun = wasRun.load(ordering: .relaxed)
        #expect(!wasBegun)
    }

    @Test("A host that cannot be reached: unreachable, with libvirt's code, and no storm of tries")
    func unreachable() async {
        let dead = ConnectionLane(host: "a", uri: "qemu+unix:///system?socket=/nonexistent/sock")
        for _ in 0..<3 {
            await #expect {
                try await dead.call("x", limit: .seconds(20)) { _ in }
            } throws: { error in
                let error = error as? HypervisorError
                return error?.kind == .unreachable
                    && error?.code == Int(VIR_ERR_SYSTEM_ERROR.rawValue)
            }
        }
    }

    @Test("A host that is silent costs the limit for a connection, not that for a large answer")
    func contact() async throws {
        let silent = try SilentSocket()
        let lane = ConnectionLane(
            host: "a", uri: silent.uri, contactLimit: .milliseconds(300))
        let begun = ContinuousClock.now
        await #expect {
            try await lane.call("read inventory", limit: .seconds(50)) { _ in }
        } throws: { error in
            let error = error as? HypervisorError
            return error?.kind == .timeout && error?.message == "no connection within 300 ms"
        }
        #expect(begun.duration(to: .now) < .seconds(30))
    }

    @Test("Errors are those of the call, not of another thread's")
    func errors() async {
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let lane = ConnectionLane(host: "a", uri: "test:///default")
                    let uuid = "00000000-0000-0000-0000-00000000000\(number)"
                    do {
                        try await lane.call("look", limit: .seconds(20)) {
                            _ = try $0.domain(uuid)
                        }
                        return false
                    } catch let error as HypervisorError {
                        return error.kind == .noDomain && error.code == 42
                    } catch { return false }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }

    @Test(
        "ssh is never left to ask for a password",
        arguments: [
            ("qemu+ssh://root@a/system", "qemu+ssh://root@a/system?no_tty=1"),
            ("qemu+ssh://a/system?keyfile=/k", "qemu+ssh://a/system?keyfile=/k&no_tty=1"),
            ("qemu+ssh://a/system?no_tty=0", "qemu+ssh://a/system?no_tty=0"),
            ("qemu+tcp://a/system", "qemu+tcp://a/system"), ("test:///default", "test:///default"),
        ])
    func unattended(_ example: (String, String)) {
        #expect(ConnectionHandle.unattended(example.0) == example.1)
    }
}

extension DispatchSemaphore {
    /// From asynchronous code, on a thread that may be blocked for the moment that it takes.
    fileprivate func waitForever() { wait() }
}
