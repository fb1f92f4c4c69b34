import ClusterModel
import Operations
import PlacementPolicy
package import Replay

/// What is changed in a world before it runs, in the words of the command line.
package struct WhatIf {
    /// HOST@TIME: simulate losing HOST at TIME (90m after the start, or a date).
    private var hostLost: [String]
    /// NAME:CPUS,MEMORY[@TIME]: add a host, such as host9:32,256GiB@2h.
    private var hostAdded: [String]
    /// NAME:CPUS,MEMORY: change the size of a host.
    private var hostResized: [String]
    /// HOST@TIME: drain HOST at TIME.
    private var drain: [String]
    /// COUNT:like=DOMAIN: add COUNT domains with the load of DOMAIN.
    private var domainsAdded: [String]
    /// Percent by which every domain's load rises, -100 to 10000.
    private var grow: Int64?
    /// Mbit/s of every host's migration network, 1 to 1000000.
    private var linkMbps: Int?

    package init(
        hostLost: [String], hostAdded: [String], hostResized: [String], drain: [String],
        domainsAdded: [String], grow: Int64?, linkMbps: Int?
    ) {
        self.hostLost = hostLost
        self.hostAdded = hostAdded
        self.hostResized = hostResized
        self.drain = drain
        self.domainsAdded = domainsAdded
        self.grow = grow
        self.linkMbps = linkMbps
    }

    /// Nothing is changed.
    package var isEmpty: Bool {
        [hostLost, hostAdded, hostResized, drain, domainsAdded].allSatisfy(\.isEmpty)
            && grow == nil && linkMbps == nil
    }

    package func applied(to given: ReplayWorld) throws -> ReplayWorld {
        var hosts = given.base.hosts
        var domains = given.base.domains
        var history = given.history
        var events = given.events
        for text in hostResized {
            let (name, facts, _) = try size(text, "--host-resized", history)
            guard let index = hosts.firstIndex(where: { $0.name == name }) else {
                throw unknown(name, "--host-resized", hosts)
            }
            hosts[index].facts?.cpu.logicalCPUs = facts.cpus
            hosts[index].facts?.memory = facts.memory
            hosts[index].facts?.cells = []
        }
        for text in hostAdded {
            let (name, facts, at) = try size(text, "--host-added", history)
            guard !hosts.contains(where: { $0.name == name }) else {
                throw CommandError("--host-added \(text): host '\(name)' already exists")
            }
            hosts.append(like(hosts.first, name, facts))
            if let at { events.append(ReplayEvent(at: at, host: name, kind: .added)) }
        }
        for (texts, kind, option) in [
            (hostLost, ReplayEvent.Kind.lost, "--host-lost"), (drain, .drain, "--drain"),
        ] {
            for text in texts {
                let (name, at) = try hostAndTime(text, option, history)
                guard hosts.contains(where: { $0.name == name }) else {
                    throw unknown(name, option, hosts)
                }
                events.append(ReplayEvent(at: at, host: name, kind: kind))
            }
        }
        for text in domainsAdded { try add(text, &domains, &history) }
        if let grow { history = history.grown(thousandths: 1000 + grow * 10) }
        if let linkMbps { for host in hosts.indices { hosts[host].linkMbps = linkMbps } }
        return ReplayWorld(
            base: ClusterSnapshot(
                observedAt: given.base.observedAt, hosts: hosts, domains: domains),
            history: history, curves: given.curves, events: events)
    }

    /// A new host can take what the first one can: same networks, storage and CPU.
    private func like(
        _ first: Host?, _ name: HostName, _ size: (cpus: Int, memory: Bytes)
    ) -> Host {
        var host =
            first ?? ClusterYAML.host(name, cpus: size.cpus, memory: size.memory, linkMbps: 10_000)
        host.name = name
        host.zone = nil
        host.fault = nil
        host.inMaintenance = false
        host.facts?.uuid = "uuid-of-\(name)"
        host.facts?.hostname = name.rawValue
        host.facts?.cpu.logicalCPUs = size.cpus
        host.facts?.memory = size.memory
        host.facts?.cells = []
        return host
    }

    private func add(
        _ text: String, _ domains: inout [Domain], _ history: inout DemandHistory
    ) throws {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, let count = Int(parts[0]), (1...100_000).contains(count),
            parts[1].hasPrefix("like=")
        else {
            throw CommandError(
                "--domains-added: expected COUNT:like=DOMAIN, such as 10:like=web1; got '\(text)'")
        }
        let like = parts[1].dropFirst(5)
        guard let model = domains.first(where: { $0.name == like }),
            let series = history.domains.firstIndex(of: model.id)
        else { throw CommandError("--domains-added \(text): there is no domain '\(like)'") }
        for number in 1...count {
            var domain = model
            domain.facts.id = DomainID("\(model.id)-more-\(number)")
            domain.facts.name = "\(model.name)-more-\(number)"
            domains.append(domain)
            history = history.adding([(domain.facts.id, series)])
        }
    }

    // MARK: Words

    private func size(
        _ text: String, _ option: String, _ history: DemandHistory
    ) throws -> (HostName, (cpus: Int, memory: Bytes), Timestamp?) {
        let wrong = CommandError(
            "\(option): expected NAME:CPUS,MEMORY, such as host9:32,256GiB (at most 100000 CPUs "
                + "and 1024TiB); got '\(text)'")
        let parts = text.split(separator: "@", maxSplits: 1)
        let words = parts[0].split(separator: ":", maxSplits: 1)
        guard words.count == 2 else { throw wrong }
        let figures = words[1].split(separator: ",")
        guard figures.count == 2, let cpus = Int(figures[0]), (1...100_000).contains(cpus),
            let memory = Quantity.bytes(String(figures[1])), memory > .zero
        else { throw wrong }
        let at = try parts.count == 2 ? time(String(parts[1]), option, history) : nil
        return (HostName(String(words[0])), (cpus, memory), at)
    }

    private func hostAndTime(
        _ text: String, _ option: String, _ history: DemandHistory
    ) throws -> (HostName, Timestamp) {
        let parts = text.split(separator: "@", maxSplits: 1)
        guard parts.count == 2 else {
            throw CommandError("\(option): expected HOST@TIME, such as host2@90m; got '\(text)'")
        }
        return (HostName(String(parts[0])), try time(String(parts[1]), option, history))
    }

    private func time(
        _ text: String, _ option: String, _ history: DemandHistory
    ) throws -> Timestamp {
        let at =
            Timestamp(text)
            ?? Quantity.seconds(text).map { history.start.advanced(byMilliseconds: $0 * 1000) }
        guard let at else {
            throw CommandError(
                "\(option): '\(text)' is neither a time such as 90m, of 36525d at most, nor a date")
        }
        guard at >= history.start, at < history.end else {
            throw CommandError(
                "\(option): \(at) is not between \(history.start) and \(history.end)")
        }
        return at
    }

    private func unknown(_ name: HostName, _ option: String, _ hosts: [Host]) -> CommandError {
        CommandError(
            "\(option): there is no host '\(name)'; there are "
                + hosts.map(\.name.rawValue).joined(separator: ", "))
    }
}
