import ClusterModel
import PlacementPolicy

/// All hosts that a domain could go to from one host, as sets of bits: what `allows` says of each
/// pair, worked out once for each kind of domain and kind of host.
struct TargetSets {
    private let problem: PlacementProblem
    private let compatibility: Compatibility
    private let isTarget: [Bool]
    private var known: [Key: AssignmentProblem.BinSet] = [:]
    /// For each ban and each fence, the hosts that it leaves, and whom it concerns.
    private let rules: [(rest: AssignmentProblem.BinSet, domains: Set<Int>)]

    private struct Key: Hashable {
        var kind: Int
        var source: Int
    }

    init(_ problem: PlacementProblem, _ compatibility: Compatibility, targets: [Int]) {
        self.problem = problem
        self.compatibility = compatibility
        var isTarget = Array(repeating: false, count: problem.hosts.count)
        for host in targets { isTarget[host] = true }
        self.isTarget = isTarget
        let policy = problem.policy
        guard !policy.ban.isEmpty || !policy.fence.isEmpty else {
            rules = []
            return
        }
        let names = NameIndex(problem.domains.map(\.facts.name))
        func rule(_ rule: HostRule, isBan: Bool) -> (AssignmentProblem.BinSet, Set<Int>) {
            let rest = problem.hosts.indices.filter {
                rule.hosts.matches(problem.hosts[$0].name.rawValue) != isBan
            }
            return (
                AssignmentProblem.BinSet(rest, of: problem.hosts.count),
                Set(names.indices(matching: rule.domains))
            )
        }
        rules =
            policy.ban.map { rule($0, isBan: true) } + policy.fence.map { rule($0, isBan: false) }
    }

    /// Hosts that all these domains, which are on one host, may go to.
    mutating func targets(of domains: [Int]) -> AssignmentProblem.BinSet {
        var common: AssignmentProblem.BinSet?
        for domain in domains {
            var own = byKind(domain)
            for rule in rules where rule.domains.contains(domain) {
                own.formIntersection(rule.rest)
            }
            for host in compatibility.forbiddenHosts(of: domain) { own.remove(host) }
            if let confined = compatibility.confinedHosts(of: domain) {
                own.formIntersection(
                    AssignmentProblem.BinSet(Array(confined), of: problem.hosts.count))
            }
            if common == nil { common = own } else { common?.formIntersection(own) }
        }
        return common ?? AssignmentProblem.BinSet([], of: problem.hosts.count)
    }

    private mutating func byKind(_ domain: Int) -> AssignmentProblem.BinSet {
        let source = problem.origin[domain]
        let key = Key(
            kind: compatibility.kind(of: domain), source: compatibility.kind(ofHost: source))
        let all: AssignmentProblem.BinSet
        if let found = known[key] {
            all = found
        } else {
            all = AssignmentProblem.BinSet(
                problem.hosts.indices.filter {
                    isTarget[$0] && compatibility.isOpen($0)
                        && compatibility.isRunnable(domain, from: source, to: $0)
                }, of: problem.hosts.count)
            known[key] = all
        }
        var own = all
        for host in compatibility.hostsLike(source) { own.remove(host) }
        return own
    }
}
