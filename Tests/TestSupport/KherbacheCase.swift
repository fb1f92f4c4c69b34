package import Foundation

/// A reconfiguration in BtrPlace's JSON as V. Kherbache published them: either a whole plan, whose
/// migrations and durations are given, or an instance, whose migrations follow from its
/// constraints.
///
/// A plan says nothing of the network: a host's link is then counted as wide as the plan itself
/// ever uses it at once, unless it is given.
package struct KherbacheCase {
    /// What cannot be read or done.
    package struct Malformed: Error, CustomStringConvertible {
        package var description: String

        package init(description: String) { self.description = description }
    }

    /// A host, with one capacity for each resource.
    package struct Host: Hashable {
        package var id: Int
        package var capacity: [Int]
        /// Seconds until it can be used, when it is off at the start.
        package var bootSeconds: Int
        package var shutdownSeconds: Int
        package var isOffAtStart: Bool
        package var isOffAtEnd: Bool
    }

    /// A domain, with one demand for each resource and what its memory does.
    package struct Domain: Hashable {
        package var id: Int
        package var host: Int
        package var demand: [Int]
        package var dirtyRates: DirtyRates
        /// Hosts on which it may be in the end; nil for any.
        package var fence: [Int]?
    }

    /// mVM's model of a domain's memory: MB, seconds and MB/s.
    package struct DirtyRates: Hashable {
        package var memory = 0.0
        package var hotSize = 0.0
        package var hotSeconds = 0.0
        package var coldRate = 0.0
    }

    /// Something a link ends at.
    package enum Element: Hashable {
        case host(Int)
        case exchange(Int)
    }

    /// A link that carries so much each way.
    package struct Link: Hashable {
        package var one: Element
        package var other: Element
        package var capacity: Int
    }

    /// A migration as a plan gives it.
    package struct Migration: Hashable {
        package var domain: Int
        package var source: Int
        package var target: Int
        package var bandwidth: Int
        package var start: Int
        package var end: Int
    }

    package var hosts: [Int: Host] = [:]
    package var domains: [Int: Domain] = [:]
    package var links: [Link] = []
    /// Switches that carry only so much in all, by number.
    package var exchanges: [Int: Int] = [:]
    /// What the plan does; empty for an instance.
    package var given: [Migration] = []

    package init(_ data: Data, linkOfHost: [Int: Int] = [:]) throws {
        let document = try JSONDecoder().decode(KherbacheDocument.self, from: data)
        guard let model = document.model ?? document.origin else {
            throw Malformed(description: "it has neither a model nor an origin")
        }
        given = (document.actions ?? []).filter { $0.id == "migrateVM" }.compactMap { action in
            guard let domain = action.vm, let source = action.from, let target = action.to,
                let bandwidth = action.bw
            else { return nil }
            return Migration(
                domain: domain, source: source, target: target, bandwidth: bandwidth,
                start: action.start, end: action.end)
        }
        readHosts(model)
        readDomains(model)
        for constraint in document.constraints ?? [] { try add(constraint) }
        if let network = model.views.first(where: { $0.links != nil }) {
            readNetwork(network)
        } else {
            guard !given.isEmpty || !linkOfHost.isEmpty else {
                throw Malformed(description: "it says nothing of links or bandwidths")
            }
            for host in hosts.keys.sorted() {
                links.append(
                    Link(
                        one: .host(host), other: .exchange(-1),
                        capacity: linkOfHost[host] ?? widestUse(of: host)))
            }
        }
        for link in links {
            for case .host(let host) in [link.one, link.other] where hosts[host] == nil {
                throw Malformed(
                    description: "a link ends at host \(host), which is not in the snapshot")
            }
        }
        for migration in given {
            guard domains[migration.domain]?.host == migration.source,
                hosts[migration.target] != nil
            else {
                throw Malformed(
                    description: "the plan moves \(migration.domain), which is not in the snapshot")
            }
            domains[migration.domain]?.fence = [migration.target]
        }
    }

    private mutating func readHosts(_ model: KherbacheDocument.Model) {
        let resources = model.views.filter { $0.rcId != nil }
        let off = Set(model.mapping.offlineNodes)
        for id in model.mapping.onlineNodes.keys.compactMap({ Int($0) }) + off {
            let times = model.attributes?.nodes?["\(id)"]
            hosts[id] = Host(
                id: id,
                capacity: resources.map { $0.nodes?["\(id)"] ?? $0.defCapacity ?? 0 },
                bootSeconds: off.contains(id) ? times?.boot ?? 1 : 0,
                shutdownSeconds: times?.shutdown ?? 1,
                isOffAtStart: off.contains(id), isOffAtEnd: false)
        }
    }

    private mutating func readDomains(_ model: KherbacheDocument.Model) {
        let resources = model.views.filter { $0.rcId != nil }
        for (host, content) in model.mapping.onlineNodes {
            guard let host = Int(host) else { continue }
            for id in content.runningVMs {
                let facts = model.attributes?.vms?["\(id)"]
                domains[id] = Domain(
                    id: id, host: host,
                    demand: resources.map { $0.vms?["\(id)"] ?? $0.defConsumption ?? 0 },
                    dirtyRates: DirtyRates(
                        memory: facts?.memUsed ?? 0,
                        hotSize: facts?.hotDirtySize ?? facts?.maxDirtySize ?? 0,
                        hotSeconds: facts?.hotDirtyDuration ?? facts?.maxDirtyDuration ?? 0,
                        coldRate: facts?.coldDirtyRate ?? facts?.dirtyRate ?? 0))
            }
        }
    }

    private mutating func add(_ constraint: KherbacheDocument.Constraint) throws {
        switch constraint.id {
        case "fence":
            for domain in [constraint.vm].compactMap({ $0 }) + (constraint.vms ?? []) {
                let own = constraint.nodes ?? []
                let known = domains[domain]?.fence
                domains[domain]?.fence = known.map { $0.filter(own.contains) } ?? own
            }
        case "offline":
            for host in [constraint.node].compactMap({ $0 }) + (constraint.nodes ?? []) {
                hosts[host]?.isOffAtEnd = true
            }
        case "online", "running", "ready": break
        default:
            throw Malformed(description: "the constraint '\(constraint.id)' is not known here")
        }
    }

    private mutating func readNetwork(_ view: KherbacheDocument.View) {
        for exchange in view.switches ?? [] where exchange.capacity > 0 {
            exchanges[exchange.id] = exchange.capacity
        }
        links = (view.links ?? []).map { link in
            let end = link.physicalElement
            return Link(
                one: end.type == "node" ? .host(end.id) : .exchange(end.id),
                other: .exchange(link.exchange), capacity: link.capacity)
        }
    }

    /// The most that the given plan sends or receives at once on a host.
    private func widestUse(of host: Int) -> Int {
        var most = 0
        for end in [\Migration.source, \Migration.target] {
            let own = given.filter { $0[keyPath: end] == host }
            for moment in own.map(\.start) {
                let use = own.filter { $0.start <= moment && moment < $0.end }
                most = max(most, use.reduce(0) { $0 + $1.bandwidth })
            }
        }
        return most
    }

    /// Gives every host room for all, so that the network alone is the matter.
    package mutating func forgetCapacities() {
        for host in hosts.keys {
            for resource in (hosts[host]?.capacity ?? []).indices {
                hosts[host]?.capacity[resource] = domains.values.reduce(0) {
                    $0 + $1.demand[resource]
                }
            }
        }
    }

    /// Seconds that a migration takes: as the plan says, or for another bandwidth by mVM's model.
    package func seconds(of domain: Int, bandwidth: Int) -> Int? {
        if let own = given.first(where: { $0.domain == domain }), own.bandwidth == bandwidth {
            return own.end - own.start
        }
        return domains[domain]?.dirtyRates.seconds(bandwidth: bandwidth)
    }
}

extension KherbacheCase.DirtyRates {
    /// mVM's model, in whole seconds; nil when the domain writes faster than the link carries.
    ///
    /// All memory once; then what is written meanwhile, first quickly the hot pages and then the
    /// cold ones; then the hot pages again. A ninth of the bandwidth in Mbit/s are its MB/s.
    package func seconds(bandwidth: Int) -> Int? {
        let speed = Double(bandwidth) / 9
        let hotRate = hotSeconds > 0 ? hotSize / hotSeconds : 0
        guard speed > coldRate, speed > hotRate else { return nil }
        let once = memory / speed
        var total = once
        if once > hotSeconds {
            total += (hotSize + (once - hotSeconds) * coldRate) / (speed - coldRate)
            total += hotSize / speed * (hotRate / (speed - hotRate))
        } else {
            total += hotRate * once / (speed - hotRate)
        }
        return max(1, Int(total.rounded()))
    }
}

/// The file as it is written.
struct KherbacheDocument: Decodable {
    /// What is where, and what it has and needs.
    struct Model: Decodable {
        var mapping: Mapping
        var attributes: Attributes?
        var views: [View]
    }

    /// What runs where.
    struct Mapping: Decodable {
        var onlineNodes: [String: Content]
        var offlineNodes: [Int]
    }

    /// What runs on one host.
    struct Content: Decodable {
        var runningVMs: [Int]
    }

    /// Times of hosts and memory of domains.
    struct Attributes: Decodable {
        var nodes: [String: Times]?
        var vms: [String: Memory]?
    }

    /// Seconds to switch a host on and off.
    struct Times: Decodable {
        var boot: Int?
        var shutdown: Int?
    }

    /// What a domain's memory does, by the older and the newer names.
    struct Memory: Decodable {
        var memUsed: Double?
        var hotDirtySize: Double?
        var hotDirtyDuration: Double?
        var coldDirtyRate: Double?
        var maxDirtySize: Double?
        var maxDirtyDuration: Double?
        var dirtyRate: Double?
    }

    /// A resource, or the network.
    struct View: Decodable {
        var id: String
        var rcId: String?
        var nodes: [String: Int]?
        var vms: [String: Int]?
        var defCapacity: Int?
        var defConsumption: Int?
        var links: [Wire]?
        var switches: [Exchange]?
    }

    /// A link from a host or switch to a switch.
    struct Wire: Decodable {
        var physicalElement: End
        var capacity: Int
        var exchange: Int

        private enum CodingKeys: String, CodingKey {
            case physicalElement, capacity
            case exchange = "switch"
        }
    }

    /// What a link ends at.
    struct End: Decodable {
        var id: Int
        var type: String
    }

    /// A switch; below zero it carries anything.
    struct Exchange: Decodable {
        var id: Int
        var capacity: Int
    }

    /// What a plan does.
    struct Action: Decodable {
        var id: String
        var vm: Int?
        var from: Int?
        var to: Int?
        var bw: Int?
        var start: Int
        var end: Int
    }

    /// What must hold in the end.
    struct Constraint: Decodable {
        var id: String
        var vm: Int?
        var vms: [Int]?
        var node: Int?
        var nodes: [Int]?
    }

    var model: Model?
    var origin: Model?
    var actions: [Action]?
    var constraints: [Constraint]?
}
