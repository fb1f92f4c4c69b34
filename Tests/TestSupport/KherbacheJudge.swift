/// Judges a schedule of a `KherbacheCase`, knowing nothing of how it was made: at every moment at
/// which something starts, all that is then in use is added up from the case itself.
package struct KherbacheJudge {
    /// A migration with its time, in milliseconds.
    package struct Timed: Hashable {
        package var domain: Int
        package var target: Int
        package var start: Int64
        package var end: Int64
        package var bandwidth: Int

        package init(domain: Int, target: Int, start: Int64, end: Int64, bandwidth: Int) {
            self.domain = domain
            self.target = target
            self.start = start
            self.end = end
            self.bandwidth = bandwidth
        }
    }

    private struct Direction: Hashable {
        var from: KherbacheCase.Element
        var to: KherbacheCase.Element
    }

    private let it: KherbacheCase
    private let schedule: [Timed]
    private var neighbours: [KherbacheCase.Element: [KherbacheCase.Element]] = [:]
    private var width: [Direction: Int] = [:]

    package static func complaints(_ schedule: [Timed], about it: KherbacheCase) -> [String] {
        let judge = KherbacheJudge(it, schedule)
        let wrong = judge.wrongMoves() + judge.wrongEnd()
        return wrong.isEmpty ? judge.overloads() + judge.crowds() : wrong
    }

    private init(_ it: KherbacheCase, _ schedule: [Timed]) {
        self.it = it
        self.schedule = schedule
        for link in it.links {
            neighbours[link.one, default: []].append(link.other)
            neighbours[link.other, default: []].append(link.one)
            width[Direction(from: link.one, to: link.other)] = link.capacity
            width[Direction(from: link.other, to: link.one)] = link.capacity
        }
    }

    private func wrongMoves() -> [String] {
        var found: [String] = []
        if Set(schedule.map(\.domain)).count < schedule.count { found.append("one moves twice") }
        for move in schedule {
            guard let domain = it.domains[move.domain], let target = it.hosts[move.target] else {
                found.append("\(move.domain) or its target \(move.target) is not there")
                continue
            }
            if target.id == domain.host { found.append("\(move.domain) does not move") }
            let ready = target.isOffAtStart ? Int64(target.bootSeconds) * 1000 : 0
            if move.start < ready { found.append("\(move.domain) starts before its target is up") }
            let least = it.seconds(of: move.domain, bandwidth: move.bandwidth)
            if least.map({ move.end - move.start != Int64($0) * 1000 }) ?? true {
                found.append("\(move.domain) takes a wrong time")
            }
            if route(from: .host(domain.host), to: .host(move.target)) == nil {
                found.append("no way leads \(move.domain) to \(move.target)")
            }
        }
        return found
    }

    private func wrongEnd() -> [String] {
        var final = it.domains.mapValues(\.host)
        for move in schedule { final[move.domain] = move.target }
        var found: [String] = []
        for (domain, host) in final {
            if let fence = it.domains[domain]?.fence, !fence.contains(host) {
                found.append("\(domain) ends up outside its fence")
            }
            if it.hosts[host]?.isOffAtEnd ?? true {
                found.append("\(domain) ends up on \(host), which is to be off")
            }
        }
        return found
    }

    /// Every start and end, in their order; what ends at a moment makes room for what starts then.
    private func moments() -> [(move: Timed, isStart: Bool)] {
        let all = schedule.map { (move: $0, isStart: true) }
        let ends = schedule.map { (move: $0, isStart: false) }
        let time = { (it: (move: Timed, isStart: Bool)) in it.isStart ? it.move.start : it.move.end
        }
        return (ends + all).enumerated().sorted {
            (time($0.element), $0.offset) < (time($1.element), $1.offset)
        }.map(\.element)
    }

    /// More on a link or through a switch than it carries.
    private func overloads() -> [String] {
        var found: [String] = []
        var onLink: [Direction: Int] = [:]
        var through: [Int: Int] = [:]
        var routes: [Int: [KherbacheCase.Element]] = [:]
        for move in schedule {
            let home = it.domains[move.domain]?.host ?? -1
            routes[move.domain] = route(from: .host(home), to: .host(move.target))
        }
        for (move, isStart) in moments() {
            let route = routes[move.domain] ?? []
            let change = isStart ? move.bandwidth : -move.bandwidth
            for (from, to) in zip(route, route.dropFirst()) {
                let link = Direction(from: from, to: to)
                onLink[link, default: 0] += change
                let use = onLink[link] ?? 0
                if use > width[link] ?? 0 {
                    found.append("\(from) to \(to) carries \(use) at \(move.start) ms")
                }
            }
            for case .exchange(let exchange) in route {
                through[exchange, default: 0] += change
                let use = through[exchange] ?? 0
                if use > it.exchanges[exchange] ?? Int.max {
                    found.append("switch \(exchange) carries \(use) at \(move.start) ms")
                }
            }
        }
        return found
    }

    /// More on a host than it holds, while what moves counts at both ends. What a host holds too
    /// much of from the start must only not grow.
    private func crowds() -> [String] {
        var found: [String] = []
        var load = it.hosts.mapValues { Array(repeating: 0, count: $0.capacity.count) }
        func add(_ demand: [Int], to host: Int, _ sign: Int) {
            for (resource, amount) in demand.enumerated() {
                load[host]?[resource] += sign * amount
            }
        }
        for domain in it.domains.values { add(domain.demand, to: domain.host, 1) }
        for (move, isStart) in moments() {
            guard let domain = it.domains[move.domain] else { continue }
            guard isStart else {
                add(domain.demand, to: domain.host, -1)
                continue
            }
            add(domain.demand, to: move.target, 1)
            for (resource, amount) in (load[move.target] ?? []).enumerated()
            where amount > it.hosts[move.target]?.capacity[resource] ?? 0
                && domain.demand[resource] > 0
            {
                found.append(
                    "host \(move.target) holds \(amount) of \(resource) at \(move.start) ms")
            }
        }
        return found
    }

    /// The shortest way over the links.
    private func route(
        from start: KherbacheCase.Element, to end: KherbacheCase.Element
    ) -> [KherbacheCase.Element]? {
        var paths = [[start]]
        var visited: Set<KherbacheCase.Element> = [start]
        while !paths.isEmpty {
            var longer: [[KherbacheCase.Element]] = []
            for path in paths {
                guard let last = path.last else { continue }
                if last == end { return path }
                for next in neighbours[last] ?? [] where visited.insert(next).inserted {
                    // Hosts pass nothing on.
                    if next == end { return path + [next] }
                    if case .host = next { continue }
                    longer.append(path + [next])
                }
            }
            paths = longer
        }
        return nil
    }
}
