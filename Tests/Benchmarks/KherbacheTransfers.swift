import BenchmarkModels
import Planning
import TestSupport

/// States a `KherbacheCase` as transfers for the scheduler, and reads its schedule back.
struct KherbacheTransfers {
    private(set) var problem = TransferProblem(transfers: [], channels: [], stores: [])
    private(set) var timed: [KherbacheJudge.Timed] = []
    private var moves: [(domain: Int, target: Int, bandwidths: [Int])] = []
    private var network: NetworkPaths
    private let hosts: [Int]

    init(_ it: KherbacheCase, shares: Int) throws {
        network = NetworkPaths(it)
        hosts = it.hosts.keys.sorted()
        problem.channels = network.channels
        let store = Dictionary(uniqueKeysWithValues: hosts.enumerated().map { ($1, $0) })
        let width = it.hosts.values.first?.capacity.count ?? 0
        for host in hosts { problem.stores += (it.hosts[host]?.capacity ?? []).map(Int64.init) }
        let claims = { (demand: [Int], host: Int) in
            demand.enumerated().filter { $0.element > 0 }.map {
                TransferProblem.Claim((store[host] ?? 0) * width + $0.offset, Int64($0.element))
            }
        }
        for domain in it.domains.values {
            for claim in claims(domain.demand, domain.host) {
                problem.stores[claim.index] -= claim.amount
            }
        }
        let targets = TargetChoice.targets(it)
        for id in it.domains.keys.sorted() {
            guard let domain = it.domains[id], let target = targets[id], target != domain.host
            else { continue }
            guard let path = network.path(from: domain.host, to: target) else {
                throw KherbacheCase.Malformed(
                    description: "no way from \(domain.host) to \(target)")
            }
            let given = it.given.first { $0.domain == id }
            let widest = given?.bandwidth ?? path.widest
            var ways: [TransferProblem.Path] = []
            var bandwidths: [Int] = []
            for share in 1...(given == nil ? shares : 1) {
                let bandwidth = widest / share
                guard let seconds = it.seconds(of: id, bandwidth: bandwidth) else { continue }
                ways.append(
                    TransferProblem.Path(
                        milliseconds: Int64(seconds) * 1000,
                        channels: path.channels.map { .init($0, Int64(bandwidth)) }))
                bandwidths.append(bandwidth)
            }
            guard !ways.isEmpty else {
                throw KherbacheCase.Malformed(
                    description: "\(id) writes faster than it can be sent")
            }
            moves.append((id, target, bandwidths))
            problem.transfers.append(
                TransferProblem.Transfer(
                    ways: ways, takes: claims(domain.demand, target),
                    frees: claims(domain.demand, domain.host),
                    earliestMilliseconds: Int64(it.hosts[target]?.bootSeconds ?? 0) * 1000))
        }
    }

    mutating func take(_ schedule: TransferSchedule) {
        timed = moves.indices.map { index in
            let way = schedule.ways[index]
            let start = schedule.starts[index]
            return KherbacheJudge.Timed(
                domain: moves[index].domain, target: moves[index].target, start: start,
                end: start + problem.transfers[index].ways[way].milliseconds,
                bandwidth: moves[index].bandwidths[way])
        }
    }
}

/// Where each domain goes: where it must, or where its host's memory and link are least used.
enum TargetChoice {
    static func targets(_ it: KherbacheCase) -> [Int: Int] {
        var targets: [Int: Int] = [:]
        var free = it.hosts.mapValues(\.capacity)
        var arrivals: [Int: Double] = [:]
        func settle(_ domain: KherbacheCase.Domain, on host: Int) {
            targets[domain.id] = host
            for (resource, amount) in domain.demand.enumerated() { free[host]?[resource] -= amount }
            if host != domain.host { arrivals[host, default: 0] += domain.dirtyRates.memory }
        }
        let open = it.hosts.values.filter { !$0.isOffAtEnd }.map(\.id).sorted()
        var choosing: [KherbacheCase.Domain] = []
        for id in it.domains.keys.sorted() {
            guard let domain = it.domains[id] else { continue }
            let allowed = domain.fence ?? open
            if allowed.contains(domain.host), it.hosts[domain.host]?.isOffAtEnd == false {
                settle(domain, on: domain.host)
            } else if allowed.count == 1 {
                settle(domain, on: allowed[0])
            } else {
                choosing.append(domain)
            }
        }
        choosing.sort {
            ($1.dirtyRates.memory, $0.id) < ($0.dirtyRates.memory, $1.id)
        }
        for domain in choosing {
            let fitting = (domain.fence ?? open).filter { host in
                it.hosts[host]?.isOffAtEnd == false
                    && zip(domain.demand, free[host] ?? []).allSatisfy { $0 <= $1 }
            }
            let best = fitting.min { (arrivals[$0] ?? 0, $0) < (arrivals[$1] ?? 0, $1) }
            if let host = best ?? domain.fence?.first { settle(domain, on: host) }
        }
        return targets
    }
}

/// The channels of a network: each link in each direction, and each switch with a limit.
struct NetworkPaths {
    private(set) var channels: [Int64] = []
    private var edges: [KherbacheCase.Element: [(to: KherbacheCase.Element, channel: Int)]] = [:]
    private var exchangeChannel: [Int: Int] = [:]
    /// The hop towards each element, by the host it starts at.
    private var trees: [Int: [KherbacheCase.Element: (KherbacheCase.Element, Int)]] = [:]

    init(_ it: KherbacheCase) {
        for link in it.links {
            edges[link.one, default: []].append((link.other, channels.count))
            edges[link.other, default: []].append((link.one, channels.count + 1))
            channels += [Int64(link.capacity), Int64(link.capacity)]
        }
        for (exchange, capacity) in it.exchanges.sorted(by: { $0.key < $1.key }) {
            exchangeChannel[exchange] = channels.count
            channels.append(Int64(capacity))
        }
    }

    mutating func path(from: Int, to: Int) -> (channels: [Int], widest: Int)? {
        let tree = trees[from] ?? tree(from: from)
        trees[from] = tree
        var channels: [Int] = []
        var here = KherbacheCase.Element.host(to)
        while here != .host(from) {
            guard let (before, channel) = tree[here] else { return nil }
            channels.append(channel)
            if case .exchange(let id) = here, let limit = exchangeChannel[id] {
                channels.append(limit)
            }
            here = before
        }
        return (channels.reversed(), Int(channels.map { self.channels[$0] }.min() ?? 0))
    }

    private func tree(
        from start: Int
    ) -> [KherbacheCase.Element: (KherbacheCase.Element, Int)] {
        var tree: [KherbacheCase.Element: (KherbacheCase.Element, Int)] = [:]
        var queue = [KherbacheCase.Element.host(start)]
        var next = 0
        while next < queue.count {
            let here = queue[next]
            next += 1
            if case .host = here, next > 1 { continue }
            for (neighbour, channel) in edges[here] ?? []
            where tree[neighbour] == nil && neighbour != .host(start) {
                tree[neighbour] = (here, channel)
                queue.append(neighbour)
            }
        }
        return tree
    }
}
