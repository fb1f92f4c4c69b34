import ClusterModel
import Operations
import PlacementPolicy
import Planning
import Replay

/// The loss of a host in a replay: what was down with it, and whether the others had room for that.
struct LostHost {
    let loss: ReplayLoss
    let policy: Policy
    let seed: UInt64

    /// One line of a story.
    var text: String {
        let name = loss.before.hosts[loss.host].name
        let count = loss.domains
        guard count > 0 else { return "\(loss.at) \(name) is lost: no domain ran there" }
        let begin =
            "\(loss.at) \(name) is lost: \(Format.plural(count, "domain")) "
            + "\(count == 1 ? "is" : "are") down"
        let homeless = self.homeless
        guard !homeless.isEmpty else { return "\(begin), and would fit on the other hosts" }
        let named = homeless.prefix(5).map { "\($0.name) (\($0.why))" }
        let more = homeless.count - named.count
        return "\(begin); \(homeless.count) would not fit on the other hosts: "
            + named.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }

    /// The domains that a drain at that moment would have left there: what holds for a drain's end
    /// holds for restarting them elsewhere, under the same policy.
    private var homeless: [(name: String, why: String)] {
        let host = loss.before.hosts[loss.host].name
        var policy = policy
        // Who is down with its host cannot be shut down there.
        policy.migration.unmovable = .off
        let plan = Planner.plan(
            .drain([host], bestEffort: true), from: loss.before.snapshot(under: policy.demand),
            under: policy, seed: seed, effort: ReplayDecider.effort)
        let moved = Set(plan.steps.filter { $0.move.source == host }.map(\.move.domain))
        return loss.before.domains.enumerated().compactMap { number, domain in
            guard loss.before.placement[number] == loss.host, !moved.contains(domain.id) else {
                return nil
            }
            let reason = plan.blockers.first { $0.domain == domain.name }?.reason.rawValue
            return (domain.name, reason ?? "no room")
        }
    }
}
