import ClusterModel
import Execution
import PlacementPolicy
import Planning
import Simulation

/// Reads the files of a scenario folder, as strictly as policies are read.
enum ScenarioReader {
    static let start = Timestamp(seconds: 1_700_000_000)

    // MARK: cluster.yaml

    static func cluster(_ yaml: String) throws(PolicyError) -> SimulatedWorld {
        let table = try YAMLTable(yaml: yaml, keys: ["hosts", "domains"])
        var hosts: [(name: HostName, memory: Bytes, link: Int)] = []
        for entry in try table.tables("hosts", keys: ["name", "memory", "linkMbps"]) {
            hosts.append(
                (
                    HostName(try entry.required(entry.scalar("name", "a word") { $0 }, "name")),
                    try entry.required(
                        entry.scalar("memory", "a size", Quantity.bytes), "memory"),
                    try entry.scalar("linkMbps", "a number") { Int($0) } ?? 1000
                ))
        }
        let template = SimulatedFleet.example(
            hosts: max(1, hosts.count), domains: 0, seed: 1, now: start)
        var world = SimulatedWorld(
            hosts: zip(hosts, template.hosts).map { host, example in
                var facts = example.facts
                facts.hostname = "\(host.name).example"
                facts.memory = host.memory
                for cell in facts.cells.indices { facts.cells[cell].memory = host.memory }
                return SimulatedHost(name: host.name, facts: facts, linkMbps: host.link)
            }, now: start)
        let keys = [
            "name", "host", "memory", "dirty", "hot", "autostart", "transient", "shutOff", "disk",
            "size", "uefi", "tpm", "shutdown", "hostdev", "snapshot", "unmovable",
        ]
        for (index, entry) in try table.tables("domains", keys: keys).enumerated() {
            let (copy, host) = try domain(entry, number: index + 1)
            guard world.host(host) != nil else {
                throw entry.error("there is no host '\(host)'", at: "host")
            }
            world.place(copy, on: host)
            if entry.has("disk") || copy.guest != nil { world.furnish(copy.id, on: host) }
        }
        return world
    }

    /// Firmware, TPM and manners; nil where none of them is named.
    private static func guest(
        _ entry: YAMLTable, _ name: String
    ) throws(PolicyError) -> SimulatedGuest? {
        var guest = SimulatedGuest()
        let path = SimulatedGuest.Firmware.ownPath(of: name)
        guest.firmware = try entry.scalar("uefi", "plain, source or block") {
            SimulatedGuest.Firmware.Form(rawValue: $0)
        }.map { SimulatedGuest.Firmware(path: path, form: $0) }
        guest.tpm = try entry.scalar("tpm", "deleted or kept") {
            ["deleted": false, "kept": true][$0]
        }.map { SimulatedGuest.TPM(isKept: $0) }
        let shutdown = try entry.scalar("shutdown", "never or a time such as 40s") {
            $0 == "never"
                ? SimulatedGuest.Shutdown.never
                : Quantity.seconds($0).map { .late(milliseconds: $0 * 1000) }
        }
        guest.shutdown = shutdown ?? .prompt
        return guest == SimulatedGuest() && shutdown == nil ? nil : guest
    }

    /// What keeps it from moving.
    private static func blockers(
        _ entry: YAMLTable, _ name: String
    ) throws(PolicyError) -> [Blocker] {
        let device = Blocker(
            domain: name, reason: .hostDevice, detail: "it has a device of its host",
            remedy: "detach it (virsh detach-device)")
        let snapshot = Blocker(
            domain: name, reason: .snapshot, detail: "it has a domain snapshot",
            remedy: "delete it (virsh snapshot-delete)")
        return (try flag(entry, "hostdev") ? [device] : [])
            + (try flag(entry, "snapshot") ? [snapshot] : [])
    }

    /// On storage that all hosts share, unless it says `local`.
    private static func disk(_ entry: YAMLTable, _ name: String) throws(PolicyError) -> Disk {
        let folder = try entry.scalar("disk", "shared or local") {
            ["shared": "/srv/shared", "local": "/var/lib/libvirt/images"][$0]
        }
        let size = try entry.scalar("size", "a size", Quantity.bytes) ?? .gibibytes(20)
        return Disk(
            target: "vda", source: .file(path: "\(folder ?? "/srv/shared")/\(name).qcow2"),
            cache: "none", capacity: size, allocation: folder == nil ? nil : size)
    }

    private static func domain(
        _ entry: YAMLTable, number: Int
    ) throws(PolicyError) -> (SimulatedDomain, HostName) {
        let name = try entry.required(entry.scalar("name", "a word") { $0 }, "name")
        let host = HostName(try entry.required(entry.scalar("host", "a host") { $0 }, "host"))
        let isTransient = try flag(entry, "transient")
        let facts = DomainFacts(
            id: id(of: name), name: name,
            state: try flag(entry, "shutOff") ? .shutOff : .running,
            isPersistent: !isTransient, autostart: try flag(entry, "autostart"), vcpus: 1,
            memory: try entry.scalar("memory", "a size", Quantity.bytes) ?? .gibibytes(2),
            guest: GuestPlatform(
                machineType: "pc-q35-7.2",
                cpu: GuestCPU(mode: "custom", model: "Skylake-Server")),
            disks: [try disk(entry, name)],
            interfaces: [.network("default")])
        let rate = try entry.scalar("dirty", "a rate", Quantity.mebibytesPerSecond) ?? 5
        var copy = SimulatedDomain(
            facts: facts, cpu: 100, dirtyRate: .mebibytes(Int64(rate)),
            startedAt: facts.state.isActive ? start.advanced(byMilliseconds: -3_600_000) : nil)
        copy.hotSet = try entry.scalar("hot", "a size", Quantity.bytes)
        copy.setBlockers(try blockers(entry, name))
        if let action = try entry.scalar(
            "unmovable", "stay, shutdown, save or cold",
            {
                UnmovableAction(rawValue: $0)
            })
        {
            copy.setUnmovable(action)
        }
        if let guest = try guest(entry, name) ?? (entry.has("disk") ? SimulatedGuest() : nil) {
            copy.equip(guest)
        }
        return (copy, host)
    }

    static func id(of name: String) -> DomainID { DomainID("id-of-\(name)") }

    // MARK: faults.yaml

    /// What the file says.
    struct Faults {
        var about = ""
        /// It breaks a rule, which is known and not fixed yet.
        var isKnown = false
        var seed: UInt64 = 1
        /// What is done: a drain or a move, as far as it goes.
        var request = PlanRequest.drain([], bestEffort: true)
        var takeUps: [ScenarioFolder.TakeUp] = []
        var schedule: [ScheduledFault] = []
        var interruptions = VirtualRun.Interruptions()
    }

    static func faults(
        _ yaml: String, in world: SimulatedWorld
    ) throws(PolicyError) -> Faults {
        let table = try YAMLTable(
            yaml: yaml,
            keys: [
                "about", "known", "seed", "drain", "move", "to", "except", "afterwards", "faults",
            ])
        var faults = Faults()
        faults.about = try table.required(
            table.scalar("about", "a sentence") { $0.isEmpty ? nil : $0 }, "about")
        faults.isKnown = try flag(table, "known")
        faults.seed = try table.scalar("seed", "a number") { UInt64($0) } ?? 1
        faults.request = try request(table, in: world)
        for entry in try table.strings("afterwards") ?? [] {
            let words = entry.split(separator: " ").map(String.init)
            guard let goal = goals[words[0]], words.count == 1 || words[1...] == ["when", "well"]
            else {
                throw table.error(
                    "'\(entry)' must be resume, rollback or abort, perhaps with 'when well'",
                    at: "afterwards")
            }
            faults.takeUps.append(.init(goal: goal, whenWell: words.count > 1))
        }
        let keys = ["at", "when", "record", "fault", "host", "domain", "for", "to", "by", "path"]
        for entry in try table.tables("faults", keys: keys) {
            try FaultEntry(table: entry, world: world).add(to: &faults)
        }
        return faults
    }

    private static func request(
        _ table: YAMLTable, in world: SimulatedWorld
    ) throws(PolicyError) -> PlanRequest {
        func domains(_ key: String) throws(PolicyError) -> [NamedDomain] {
            var found: [NamedDomain] = []
            for name in try table.strings(key) ?? [] {
                let host = world.hosts.first { $0.domains.contains { $0.id == id(of: name) } }
                guard let host else {
                    throw table.error("there is no domain '\(name)'", at: key)
                }
                found.append(NamedDomain(id(of: name), name: name, host: host.name))
            }
            return found
        }
        let wishes = PlanWishes(
            moves: try domains("move"), to: (try table.strings("to") ?? []).map { HostName($0) },
            except: try domains("except"))
        if !wishes.moves.isEmpty { return .move(wishes, bestEffort: true) }
        let hosts = try table.required(table.strings("drain"), "drain").map { HostName($0) }
        return .drain(hosts, wishes: wishes, bestEffort: true)
    }

    private static let goals: [String: RunGoal] = [
        "resume": .forward, "rollback": .rollback, "abort": .abort,
    ]

    private static func flag(_ table: YAMLTable, _ key: String) throws(PolicyError) -> Bool {
        try table.scalar(key, "true or false") { Bool($0) } ?? false
    }
}
