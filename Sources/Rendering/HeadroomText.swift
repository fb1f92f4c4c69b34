package import ClusterModel
import Operations

/// What a fleet has room for, as people and programs read it.
package struct HeadroomText {
    private let headroom: FleetHeadroom
    private let width: Int?

    package init(_ headroom: FleetHeadroom, width: Int? = nil) {
        self.headroom = headroom
        self.width = width
    }

    package var text: String {
        var parts = headroom.losses.isEmpty ? [wholeness] : [losses, wholeness]
        if !headroom.bound.isEmpty { parts.append(bound) }
        if !headroom.unreachable.isEmpty {
            parts.append(wrapped("Not reachable, and not counted: \(names(headroom.unreachable))."))
        }
        if let room = headroom.room { parts += [self.text(of: room)] + others(room) }
        return parts.joined(separator: "\n\n")
    }

    private func wrapped(_ text: String, indent: Int = 2) -> String {
        Format.wrapped(text, indent: indent, width: width)
    }

    private func names(_ hosts: [HostName]) -> String {
        hosts.inNaturalOrder.map(\.rawValue).joined(separator: ", ")
    }

    // MARK: When a host fails

    private var wholeness: String {
        let lost = Set(headroom.losses.map(\.host))
        let whole = headroom.hosts.filter { !lost.contains($0) }
        if headroom.hosts.isEmpty { return "No host has guests that could run elsewhere." }
        if whole.isEmpty { return "No host may fail." }
        let who =
            lost.isEmpty
            ? "Any one of \(Format.plural(whole.count, "host")) with guests may fail"
            : "\(names(whole)) may fail"
        return wrapped("\(who): the others have room for the guests.")
    }

    private var losses: String {
        headroom.losses.map { loss in
            let guests = loss.guests.map { "\(Format.oneLine($0.name)) (\($0.memory))" }
            return wrapped(
                "If \(loss.host) fails, there is no place for \(guests.joined(separator: ", ")): "
                    + "\(loss.detail).")
        }.joined(separator: "\n")
    }

    private var bound: String {
        let hosts = headroom.bound.keys.sorted().inNaturalOrder.map { host in
            let guests = (headroom.bound[host] ?? []).map { Format.oneLine($0) }
            return "\(guests.joined(separator: ", ")) (\(host))"
        }
        return wrapped(
            "Not counted, as they can run on no other host as they are: "
                + "\(hosts.joined(separator: ", ")).")
    }

    // MARK: More guests

    private func text(of room: FleetHeadroom.Room) -> String {
        let guest = room.guest
        let size = "\(Format.plural(guest.vcpus, "vCPU")) and \(guest.memory)"
        guard room.count > 0 else { return "No room for a guest of \(size)." }
        let shares = room.hosts.inNaturalOrder(of: \.host.rawValue).map {
            "\($0.host) \($0.guests)"
        }
        let most = room.isCut ? "at least " : ""
        let spare =
            room.keepsSpareRoom
            ? "any host may then fail as now" : "no room is kept for a host that fails"
        return wrapped(
            "Room for \(most)\(Format.plural(room.count, "more guest")) of \(size): "
                + "\(shares.joined(separator: ", ")); \(spare).")
    }

    private func others(_ room: FleetHeadroom.Room) -> [String] {
        guard !room.blockers.isEmpty else { return [] }
        let lines = room.blockers.map { blocker in
            wrapped(
                "  \(blocker.host?.rawValue ?? "?"): \(blocker.detail) "
                    + "[\(blocker.reason.rawValue)]", indent: 6)
        }
        return ["Not on:\n" + lines.joined(separator: "\n")]
    }

    // MARK: For programs

    /// Memory in bytes.
    package struct Document: Encodable {
        struct Guest: Encodable {
            var domain: String
            var memoryBytes: Int64

            private enum CodingKeys: String, CodingKey {
                case domain
                case memoryBytes = "memory_bytes"
            }
        }

        struct Loss: Encodable {
            var host: HostName
            var guests: [Guest]
            var memoryBytes: Int64
            var detail: String

            private enum CodingKeys: String, CodingKey {
                case host, guests
                case memoryBytes = "memory_bytes"
                case detail
            }
        }

        struct Bound: Encodable {
            var host: HostName
            var domains: [String]
        }

        struct Share: Encodable {
            var host: HostName
            var guests: Int
        }

        struct Room: Encodable {
            var vcpus: Int
            var memoryBytes: Int64
            var guests: Int
            var hosts: [Share]
            var keepsSpareRoom: Bool
            var isCut: Bool
            var blockers: [Blocker]

            private enum CodingKeys: String, CodingKey {
                case vcpus
                case memoryBytes = "memory_bytes"
                case guests, hosts
                case keepsSpareRoom = "n_plus_one"
                case isCut = "or_more"
                case blockers
            }
        }

        var version = 1
        var kind = "headroom"
        var hosts: [HostName]
        var losses: [Loss]
        var bound: [Bound]
        var unreachable: [HostName]
        var room: Room?
    }

    package var document: Document {
        Document(
            hosts: headroom.hosts,
            losses: headroom.losses.map { loss in
                Document.Loss(
                    host: loss.host,
                    guests: loss.guests.map {
                        Document.Guest(domain: $0.name, memoryBytes: $0.memory.count)
                    }, memoryBytes: loss.memory.count, detail: loss.detail)
            },
            bound: headroom.bound.sorted { $0.key < $1.key }.map {
                Document.Bound(host: $0.key, domains: $0.value)
            }, unreachable: headroom.unreachable,
            room: headroom.room.map { room in
                Document.Room(
                    vcpus: room.guest.vcpus, memoryBytes: room.guest.memory.count,
                    guests: room.count,
                    hosts: room.hosts.map { Document.Share(host: $0.host, guests: $0.guests) },
                    keepsSpareRoom: room.keepsSpareRoom, isCut: room.isCut,
                    blockers: room.blockers)
            })
    }
}
