package import ClusterModel

/// Who works on hosts: one database on one machine.
package struct ControllerIdentity: Hashable, Codable, Sendable {
    /// `/etc/machine-id`.
    package var machine: String
    /// Of its database, drawn when that was made: two on one machine are two controllers.
    package var database: String
    /// The machine's name and the folder of the database, for people.
    package var place: String

    package init(machine: String, database: String, place: String) {
        self.machine = machine
        self.database = database
        self.place = place
    }

    /// The UUID of its lease on every host: that of a process that was killed is known again.
    package var leaseID: String {
        var digest = StableDigest()
        for part in ["lease", machine, database] { digest.add(part) }
        let digits = digest.hexadecimal
        let ends = [8, 12, 16, 20, 32]
        return zip([0] + ends, ends).map { start, end in
            String(digits.dropFirst(start).prefix(end - start))
        }.joined(separator: "-")
    }
}

/// A note on a host that one controller works there, for all others to see.
package struct HostLease: Hashable, Codable, Sendable {
    /// It ends by itself this long after it was renewed last.
    package static let lengthMilliseconds: Int64 = 300_000
    package static let renewalMilliseconds: Int64 = 60_000
    /// One that has run out is watched this long before it is taken away: longer than its holder
    /// needs to renew it. Clocks may be wrong; this needs none but our own.
    package static let watchMilliseconds: Int64 = 90_000

    package var id: String
    package var holder: ControllerIdentity
    /// `run 7, drain host1`.
    package var purpose: String
    package var since: Timestamp
    /// By its holder's clock.
    package var until: Timestamp

    package init(
        of holder: ControllerIdentity, purpose: String, since: Timestamp, renewedAt now: Timestamp
    ) {
        id = holder.leaseID
        self.holder = holder
        self.purpose = purpose
        self.since = since
        until = now.advanced(byMilliseconds: Self.lengthMilliseconds)
    }

    package var words: String {
        let end = until == Self.never ? "" : ", at least until \(until)"
        return "\(holder.place) works there (\(purpose)), since \(since)\(end)"
    }
}

// MARK: As text

extension HostLease {
    private static let never = Timestamp(seconds: 253_402_300_799)
    private static let longest = 200

    /// What is stored on the host: a line for each field, for people too.
    package var text: String {
        let fields = [
            ("controller", holder.place), ("purpose", purpose), ("since", "\(since)"),
            ("until", "\(until)"), ("machine", holder.machine), ("database", holder.database),
        ]
        return fields.map { name, value in
            "\(name): " + String(value.map { $0.isNewline ? " " : $0 })
        }.joined(separator: "\n")
    }

    /// As found on a host, under this UUID. A text that says nothing to us, of a newer version or a
    /// damaged one, is somebody's all the same.
    package init(id: String, text: String) {
        var fields: [Substring: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            fields[line[..<colon]] = String(value.prefix(Self.longest))
        }
        self.id = id
        holder = ControllerIdentity(
            machine: fields["machine"] ?? "", database: fields["database"] ?? "",
            place: fields["controller"] ?? "a controller that cannot be read")
        purpose = fields["purpose"] ?? String(text.prefix(Self.longest))
        since = fields["since"].flatMap { Timestamp($0) } ?? Timestamp(seconds: 0)
        until = fields["until"].flatMap { Timestamp($0) } ?? Self.never
    }
}

// MARK: What it means

/// What a lease that lies on a host, or none, means to a controller that wants to work there.
package enum LeaseVerdict: Hashable, Sendable {
    case free
    /// Laid by this process, or by one before it that was killed.
    case ours
    /// It has run out: is its holder gone, or is a clock wrong?
    case lapsed(HostLease)
    /// It has run out, was watched, and nobody has renewed it meanwhile.
    case abandoned(HostLease)
    case held(HostLease)

    /// `watched` is what lay there a `HostLease.watchMilliseconds` ago, where that had run out.
    package init(
        _ found: HostLease?, for controller: ControllerIdentity, at now: Timestamp,
        watched: HostLease? = nil
    ) {
        guard let found else {
            self = .free
            return
        }
        if found.id == controller.leaseID {
            self = .ours
        } else if let watched {
            self = watched == found ? .abandoned(found) : .held(found)
        } else {
            self = found.until <= now ? .lapsed(found) : .held(found)
        }
    }
}
