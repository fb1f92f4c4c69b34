package import ClusterModel

/// Reads the text format of Ganeti's htools (`hbal -t FILE`) into a cluster snapshot.
///
/// What a host holds that is no instance, Ganeti's own share of it included, becomes a pinned
/// domain `NAME-itself`, so that a host's fullness is (total − free) / total as Ganeti prints it.
/// Disk templates that all hosts see are shared storage, all others are local. A host that is
/// offline is in maintenance. Exclusion tags become anti-affinity groups.
package struct GanetiCluster {
    /// What cannot be read, and on which line.
    package struct Malformed: Error, CustomStringConvertible {
        package var line: Int
        package var reason: String
        package var description: String { "line \(line): \(reason)" }
    }

    package private(set) var builder = ClusterBuilder()
    /// Physical CPUs of the smallest host: what a CPU load of 1.0 in a utilisation file stands for.
    private var smallestCPUs = Int.max
    private var used: [HostName: Int64] = [:]
    private static let sharedTemplates: Set<Substring> = [
        "ext", "rbd", "sharedfile", "gluster", "diskless",
    ]

    /// `utilization` is the text of a file for `hbal -U`: instance, cpu, mem, disk, net. Without it
    /// a domain counts all of its virtual CPUs.
    /// With `reserves` a host's own share is its reserve and no domain, so that it can be drained.
    package init(_ text: String, utilization: String? = nil, reserves: Bool = false) throws {
        var sections: [[(line: Int, columns: [Substring])]] = [[]]
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            if line.isEmpty {
                sections.append([])
            } else {
                let columns = line.split(separator: "|", omittingEmptySubsequences: false)
                sections[sections.count - 1].append((index + 1, columns))
            }
        }
        guard sections.count >= 3 else {
            throw Malformed(line: 1, reason: "groups, hosts and instances must be three sections")
        }
        let load = try Self.loads(utilization)
        let prefixes = (sections.count > 3 ? sections[3] : []).flatMap { row in
            row.columns.joined(separator: "|").split(separator: ",").filter {
                $0.hasPrefix("htools:iextags:")
            }.map { $0.dropFirst("htools:iextags:".count) + ":" }
        }
        for row in sections[1] { try addHost(row.columns, row.line) }
        for row in sections[2] {
            try addInstance(row.columns, row.line, load, excluding: prefixes)
        }
        for index in builder.hosts.indices {
            let left = used[builder.hosts[index].name] ?? 0
            if reserves {
                builder.hosts[index].reserve?.memory = .mebibytes(max(0, left))
            } else {
                addSelf(of: builder.hosts[index])
            }
        }
    }

    private static func loads(_ text: String?) throws -> [Substring: Double]? {
        guard let text else { return nil }
        var loads: [Substring: Double] = [:]
        for (index, line) in text.split(separator: "\n").enumerated() {
            let words = line.split(separator: " ")
            guard words.count >= 2, let cpu = Double(words[1]), (0...1e6).contains(cpu) else {
                throw Malformed(line: index + 1, reason: "want 'instance cpu mem disk net'")
            }
            loads[words[0]] = cpu
        }
        return loads
    }

    private static func number(
        _ columns: [Substring], _ index: Int, _ line: Int
    ) throws -> Int64 {
        guard index < columns.count, let value = Int64(columns[index]),
            (0...1_000_000_000_000).contains(value)
        else {
            throw Malformed(line: line, reason: "column \(index + 1) must be a whole number")
        }
        return value
    }

    private mutating func addHost(_ columns: [Substring], _ line: Int) throws {
        let name = HostName(String(columns[0]))
        let total = try Self.number(columns, 1, line)
        let free = try Self.number(columns, 3, line)
        let cpus = Int(try Self.number(columns, 6, line))
        guard columns.count > 7 else { throw Malformed(line: line, reason: "too few columns") }
        let index = builder.host(name, memory: .mebibytes(total), cpus: cpus)
        builder.hosts[index].inMaintenance = columns[7] == "Y"
        smallestCPUs = min(smallestCPUs, cpus)
        used[name] = total - free
    }

    private mutating func addInstance(
        _ columns: [Substring], _ line: Int, _ load: [Substring: Double]?,
        excluding prefixes: [Substring]
    ) throws {
        guard columns.count > 9 else { throw Malformed(line: line, reason: "too few columns") }
        let host = HostName(String(columns[6]))
        let memory = try Self.number(columns, 1, line)
        let vcpus = Int(try Self.number(columns, 3, line))
        guard used[host] != nil else {
            throw Malformed(line: line, reason: "there is no host \(host)")
        }
        let isRunning = columns[4] == "running"
        let share = load?[columns[0]].map { MilliCPU(Int64($0 * Double(smallestCPUs) * 1000)) }
        let index = builder.domain(
            String(columns[0]), on: host, memory: .mebibytes(memory), vcpus: vcpus,
            cpu: [share ?? .cpus(vcpus)], state: isRunning ? .running : .shutOff,
            disk: Self.sharedTemplates.contains(columns[8])
                ? nil : "/var/lib/libvirt/images/\(columns[0])")
        builder.domains[index].facts.antiAffinityGroups = columns[9].split(separator: ",")
            .filter { tag in prefixes.contains { tag.hasPrefix($0) } }.map(String.init)
        if isRunning { used[host, default: 0] -= memory }
    }

    private mutating func addSelf(of host: Host) {
        guard let left = used[host.name], left > 0 else { return }
        let index = builder.domain(
            "\(host.name)-itself", on: host.name, memory: .mebibytes(left), vcpus: 0, cpu: [0])
        builder.domains[index].facts.isPinned = true
    }

    package var snapshot: ClusterSnapshot { builder.snapshot }
}
