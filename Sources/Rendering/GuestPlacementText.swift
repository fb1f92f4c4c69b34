package import ClusterModel
import Operations

/// Where a guest could be started, as people and programs read it.
package struct GuestPlacementText {
    private let placement: GuestPlacement
    private let width: Int?

    package init(_ placement: GuestPlacement, width: Int? = nil) {
        self.placement = placement
        self.width = width
    }

    /// Shares are percentages of what a host may give, with the guest on it.
    package struct Document: Encodable {
        struct Choice: Encodable {
            var host: HostName
            var memoryPercent: Double
            var cpuPercent: Double
            var isSplit: Bool

            private enum CodingKeys: String, CodingKey {
                case host
                case memoryPercent = "memory_percent"
                case cpuPercent = "cpu_percent"
                case isSplit = "spans_numa_cells"
            }
        }

        var version = 1
        var kind = "place"
        var domain: String
        var vcpus: Int
        var memoryBytes: Int64
        var hosts: [Choice]
        var blockers: [Blocker]

        private enum CodingKeys: String, CodingKey {
            case version, kind, domain, vcpus
            case memoryBytes = "memory_bytes"
            case hosts, blockers
        }
    }

    package var document: Document {
        Document(
            domain: placement.guest.name, vcpus: placement.guest.vcpus,
            memoryBytes: placement.guest.memory.count,
            hosts: placement.choices.map {
                Document.Choice(
                    host: $0.host, memoryPercent: Double($0.memoryShare) / 100,
                    cpuPercent: Double($0.cpuShare) / 100, isSplit: $0.isSplit)
            }, blockers: placement.blockers)
    }

    /// Does any host fit?
    package var isPossible: Bool { !placement.choices.isEmpty }

    package var text: String {
        var parts = [Format.wrapped(headline, indent: 0, width: width)]
        if !placement.choices.isEmpty { parts.append(table) }
        if !placement.blockers.isEmpty { parts.append(others) }
        return parts.joined(separator: "\n\n")
    }

    private var headline: String {
        let guest = placement.guest
        let name = Format.oneLine(guest.name)
        let who = "\(name) (\(Format.plural(guest.vcpus, "vCPU")), \(guest.memory))"
        let hosts = placement.choices.count + placement.blockers.count
        guard let best = placement.choices.first else {
            return "No host of \(hosts) can take \(who)."
        }
        return "Start \(who) on \(best.host): "
            + (placement.choices.count == 1
                ? "of \(Format.plural(hosts, "host")) the only one that fits."
                : "the least loaded of \(placement.choices.count) that fit.")
    }

    /// Hosts that do not fit, those with one cause together.
    private var others: String {
        var causes: [Blocker] = []
        var hosts: [[String]] = []
        for blocker in placement.blockers {
            var cause = blocker
            cause.host = nil
            let name = blocker.host?.rawValue ?? "?"
            if let index = causes.firstIndex(of: cause) {
                hosts[index].append(name)
            } else {
                causes.append(cause)
                hosts.append([name])
            }
        }
        let lines = zip(causes, hosts).flatMap { cause, hosts in
            [
                "  \(hosts.joined(separator: ", ")): \(cause.detail) [\(cause.reason.rawValue)]",
                "      remedy: \(cause.remedy)",
            ]
        }
        return "Not on:\n"
            + lines.map { Format.wrapped($0, indent: 6, width: width) }.joined(separator: "\n")
    }

    /// How full each host would be.
    private var table: String {
        var table = Table("HOST", ">MEMORY", ">CPU", "")
        for choice in placement.choices {
            table.add(
                choice.host.rawValue, "\(Format.decimal(Double(choice.memoryShare) / 100, 1)) %",
                "\(Format.decimal(Double(choice.cpuShare) / 100, 1)) %",
                choice.isSplit ? "its memory would span NUMA cells" : "")
        }
        return table.text
    }
}
