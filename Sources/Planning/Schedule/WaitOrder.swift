/// What waits for what, put in order.
package enum WaitOrder {
    /// Every index behind those that it waits for; `waits` has a row of indices for each. What
    /// waits in a circle, and what waits for that, is left out.
    package static func of(_ waits: [[Int]]) -> [Int] {
        var open = waits.map(\.count)
        var followers: [[Int]] = waits.map { _ in [] }
        for (index, row) in waits.enumerated() {
            for wait in row { followers[wait].append(index) }
        }
        var order = waits.indices.filter { open[$0] == 0 }
        var next = 0
        while next < order.count {
            for follower in followers[order[next]] {
                open[follower] -= 1
                if open[follower] == 0 { order.append(follower) }
            }
            next += 1
        }
        return order
    }
}
