import ClusterModel
import Testing

@testable import Planning

@Suite struct RoundPartitionTests {
    private let hosts: [HostName] = ["a", "b", "c", "d"]

    @Test func `of as many rounds those with the fewest moves are taken`() {
        // Any two go together, at a price.
        let partition = RoundPartition(hosts, atMost: 2) { set in
            set.count == 1 ? 2 : set == ["a", "c"] || set == ["b", "d"] ? 4 : 9
        }
        #expect(partition.rounds == [["a", "c"], ["b", "d"]])
    }

    @Test func `fewer rounds come before fewer moves`() {
        let partition = RoundPartition(hosts, atMost: 4) { $0.count == 1 ? 1 : 100 }
        #expect(partition.rounds == [hosts])
    }

    @Test func `no set is asked about that has a part which cannot be empty`() {
        var asked: [[HostName]] = []
        let partition = RoundPartition(hosts, atMost: 4) { set in
            asked.append(set)
            return set == ["a", "b"] || set == ["d"] ? nil : set.count
        }
        #expect(!asked.contains { $0.count > 1 && $0.contains("d") })
        #expect(!asked.contains(["a", "b", "c"]))
        // Whoever cannot leave has its turn all the same, and fails there.
        #expect(partition.rounds.flatMap { $0 }.sorted() == hosts)
    }
}
