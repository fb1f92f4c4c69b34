import ClusterModel
import Testing

@testable import Libvirt

@Suite("Connections that migrations share", .timeLimit(.minutes(1)))
struct SharedConnectionsTests {
    private let connections = SharedConnections()

    private func take(_ count: Int) -> [SharedConnections.Seat] {
        (0..<count).map { _ in connections.take() }
    }

    private func lanes(on seats: [SharedConnections.Seat]) -> [ConnectionLane] {
        seats.map { ConnectionLane(host: "a", uri: "test:///default", seat: $0) }
    }

    @Test("Four go over one, so that the daemon can still answer a fifth request")
    func four() {
        let seats = take(9)
        let handles = Set(seats.map { ObjectIdentifier($0.handle) })
        #expect(handles.count == 3)
        let users = Dictionary(grouping: seats) { ObjectIdentifier($0.handle) }.values.map(\.count)
        #expect(users.sorted() == [1, 4, 4])
    }

    @Test("A place that was left is taken again, on the connection that is open already")
    func again() {
        var seats = take(4)
        let first = ObjectIdentifier(seats[0].handle)
        seats.removeAll()
        #expect(take(1).map { ObjectIdentifier($0.handle) } == [first])
    }

    @Test("Calls of several go over one connection at the same time, each on its own thread")
    func threads() async throws {
        let lanes = lanes(on: take(4))
        let used = try await withThrowingTaskGroup(of: ObjectIdentifier.self) { group in
            for lane in lanes {
                group.addTask {
                    try await lane.call("t", limit: .seconds(20)) { ObjectIdentifier($0) }
                }
            }
            return try await group.reduce(into: Set<ObjectIdentifier>()) { $0.insert($1) }
        }
        #expect(used.count == 1)
    }

    @Test("The connection stays open between one migration and the next")
    func lasts() async throws {
        func connection() async throws -> ObjectIdentifier {
            try await lanes(on: take(1))[0].call("t", limit: .seconds(20)) { ObjectIdentifier($0) }
        }
        let first = try await connection()
        #expect(try await connection() == first)
    }

    @Test("A monitor that answers somebody else's question is not in trouble")
    func passing() {
        #expect(MonitorTrouble.busy(milliseconds: 20).isPassing)
        #expect(!MonitorTrouble.busy(milliseconds: 5000).isPassing)
        #expect(!MonitorTrouble.broken.isPassing)
    }
}
