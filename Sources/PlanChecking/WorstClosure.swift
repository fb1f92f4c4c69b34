import ClusterModel

/// The set of arrivals with the greatest sum, less the departures that they all waited for.
///
/// This is a closure of maximum weight: taking an arrival forces taking its departures. Its weight
/// is the sum of all arrivals minus a greatest flow from arrivals to departures, where an arrival
/// sends only to departures it waits for. Source: J.-C. Picard, "Maximal closure of a graph"
/// (1976); the flow by shortest augmenting paths, Edmonds and Karp (1972).
enum WorstClosure {
    static func weight(
        _ incoming: [(amount: Int64, after: Set<StepID>)],
        _ outgoing: [(amount: Int64, step: StepID)]
    ) -> Int64 {
        let reach = incoming.map { arrival in
            outgoing.indices.filter { arrival.after.contains(outgoing[$0].step) }
        }
        var supply = incoming.map(\.amount)
        var room = outgoing.map(\.amount)
        /// Flow from each arrival to each departure.
        var flow = incoming.map { _ in [Int64](repeating: 0, count: outgoing.count) }
        while let path = path(supply, room, reach, flow) {
            // Arrivals and departures take turns; going back along a flow takes it away.
            let (first, last) = (path[0].arrival, path[path.count - 1].departure)
            var amount = min(supply[first], room[last])
            for (index, hop) in path.enumerated().dropFirst() {
                amount = min(amount, flow[hop.arrival][path[index - 1].departure])
            }
            for (index, hop) in path.enumerated() {
                flow[hop.arrival][hop.departure] += amount
                if index > 0 { flow[hop.arrival][path[index - 1].departure] -= amount }
            }
            supply[first] -= amount
            room[last] -= amount
        }
        return supply.reduce(0, +)
    }

    /// A shortest way from an arrival with supply to a departure with room.
    private static func path(
        _ supply: [Int64], _ room: [Int64], _ reach: [[Int]], _ flow: [[Int64]]
    ) -> [(arrival: Int, departure: Int)]? {
        var cameFrom: [Int: (arrival: Int, departure: Int?)] = [:]
        var isSeen = supply.map { $0 > 0 }
        var queue: [(arrival: Int, by: Int?)] = supply.indices.filter { supply[$0] > 0 }
            .map { ($0, nil) }
        var next = 0
        var arrivedBy: [Int: Int] = [:]
        while next < queue.count {
            let (arrival, by) = queue[next]
            next += 1
            if let by { arrivedBy[arrival] = by }
            for departure in reach[arrival] where cameFrom[departure] == nil {
                cameFrom[departure] = (arrival, by)
                if room[departure] > 0 { return trace(departure, cameFrom, arrivedBy) }
                for other in flow.indices where !isSeen[other] && flow[other][departure] > 0 {
                    isSeen[other] = true
                    queue.append((other, departure))
                }
            }
        }
        return nil
    }

    private static func trace(
        _ last: Int, _ cameFrom: [Int: (arrival: Int, departure: Int?)], _ arrivedBy: [Int: Int]
    ) -> [(arrival: Int, departure: Int)] {
        var path: [(arrival: Int, departure: Int)] = []
        var departure: Int? = last
        while let here = departure, let hop = cameFrom[here] {
            path.append((hop.arrival, here))
            departure = arrivedBy[hop.arrival]
        }
        return path.reversed()
    }
}
