package import ClusterModel
package import PlacementPolicy

/// One of Ganeti's own test clusters in our terms, with a policy that says what its tags say.
///
/// A DRBD instance can run on its primary and its secondary alone: a fence. Groups of hosts share
/// nothing: a fence too, as are migration tags (the target must carry those of the source, or ones
/// that they allow) and desired locations. Locations are zones; exclusion tags keep domains apart,
/// over zones as well where there are locations. CPU speed scales a host's CPUs.
package struct GanetiCase {
    package private(set) var snapshot: ClusterSnapshot
    package private(set) var policy = Policy(name: "ganeti")
    /// Hosts that are offline and hold something: they want to be drained.
    package private(set) var offline: [HostName] = []
    private var tags: [HostName: [String]] = [:]
    private var group: [HostName: String] = [:]
    private var cluster: [String] = []

    package init(_ text: String) throws {
        let sections = Self.sections(text)
        // DRBD counts as storage that both of its hosts reach; the fence keeps it to them.
        let shared = text.replacing("|drbd|", with: "|ext|")
        var builder = try GanetiCluster(shared, reserves: true).builder
        snapshot = builder.snapshot
        cluster = (sections.count > 3 ? sections[3] : []).flatMap {
            $0.joined(separator: "|").split(separator: ",").map(String.init)
        }
        let hosts = Self.rows(sections, 1)
        for (index, columns) in hosts.enumerated() {
            let name = builder.hosts[index].name
            tags[name] = Self.list(columns, 10)
            group[name] = columns.count > 8 ? columns[8] : ""
            let places = tags[name, default: []].filter { isOf("htools:nlocation:", $0) }.sorted()
            if !places.isEmpty {
                builder.hosts[index].zone = ZoneName(places.joined(separator: ","))
            }
            if columns.count > 14, let speed = Double(columns[14]) {
                let cpus = Double(builder.hosts[index].facts?.cpu.logicalCPUs ?? 0)
                builder.hosts[index].facts?.cpu.logicalCPUs = Int(cpus * speed)
            }
        }
        policy.reserve = Reserve(memory: .zero, cpu: .zero)
        policy.perDomainOverhead = .zero
        policy.overcommit.cpuThousandths = 4000
        snapshot = builder.snapshot
        for columns in Self.rows(sections, 2) { fence(columns) }
        keepApart(Self.rows(sections, 2))
        offline = snapshot.hosts.map(\.name).filter { name in
            snapshot.host(name)?.inMaintenance == true
                && snapshot.domains(on: name).contains { $0.facts.state.isActive }
        }
    }

    private func isOf(_ kind: String, _ tag: String) -> Bool {
        cluster.contains { $0.hasPrefix(kind) && tag.hasPrefix($0.dropFirst(kind.count) + ":") }
    }

    private static func sections(_ text: String) -> [[[String]]] {
        var sections: [[[String]]] = [[]]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty {
                sections.append([])
            } else {
                let columns = line.split(separator: "|", omittingEmptySubsequences: false)
                sections[sections.count - 1].append(columns.map(String.init))
            }
        }
        return sections
    }

    private static func rows(_ sections: [[[String]]], _ index: Int) -> [[String]] {
        index < sections.count ? sections[index] : []
    }

    private static func list(_ columns: [String], _ index: Int) -> [String] {
        index < columns.count ? columns[index].split(separator: ",").map(String.init) : []
    }

    private mutating func fence(_ columns: [String]) {
        guard columns.count > 8 else { return }
        let source = HostName(columns[6])
        let wanted = Self.list(columns, 9).filter { isOf("htools:desiredlocation:", $0) }
        let needed = tags[source, default: []].filter { isOf("htools:migration:", $0) }
        let allowed = snapshot.hosts.map(\.name).filter { host in
            let own = tags[host, default: []]
            let isPair =
                columns[8] == "drbd"
                ? host == source || host.rawValue == columns[7] : group[host] == group[source]
            return isPair && wanted.allSatisfy(own.contains)
                && needed.allSatisfy { tag in
                    own.contains { $0 == tag || allows(tag, $0) }
                }
        }
        guard allowed.count < snapshot.hosts.count else { return }
        policy.fence.append(
            HostRule(
                domains: [NamePattern(columns[0])],
                hosts: allowed.map { NamePattern($0.rawValue) }))
    }

    private func allows(_ from: String, _ to: String) -> Bool {
        cluster.contains("htools:allowmigration:\(from)::\(to)")
    }

    private mutating func keepApart(_ instances: [[String]]) {
        guard cluster.contains(where: { $0.hasPrefix("htools:nlocation:") }) else { return }
        var members: [String: [String]] = [:]
        for columns in instances {
            for tag in Self.list(columns, 9) where isOf("htools:iextags:", tag) {
                members[tag, default: []].append(columns[0])
            }
        }
        for (tag, names) in members.sorted(by: { $0.key < $1.key }) where names.count > 1 {
            policy.antiAffinity.append(
                PlacementGroup(
                    name: tag, domains: names.map { NamePattern($0) }, scope: .zone))
        }
    }
}
