import ClusterModel
import PlacementPolicy

/// Each card of a guest finds on the target what it is plugged into, under the name that the step
/// gives it.
enum NetworkCheck {
    static func reasons(
        _ domain: DomainFacts, _ from: Host, _ to: Host, _ policy: Policy, _ step: Step?
    ) -> [String] {
        guard let source = from.facts, let target = to.facts else { return [] }
        let sources = Set(domain.interfaces.compactMap(\.source))
        let strange = Set((step?.interfaces ?? [:]).keys).subtracting(sources).sorted()
            .map { "it has no card on \($0)" }
        return strange
            + domain.interfaces.flatMap { card -> [String] in
                let filter = card.filter.flatMap { name in
                    target.networkFilters?.contains(name) == false ? "no filter \(name)" : nil
                }
                guard let own = card.source else { return [filter].compactMap(\.self) }
                let known = policy.interfaces.first { ($0.hosts[from.name] ?? $0.name) == own }
                let name = known.map { $0.hosts[to.name] ?? $0.name } ?? own
                var reasons = [filter].compactMap(\.self)
                if known == nil,
                    policy.interfaces.contains(where: { ($0.hosts[to.name] ?? $0.name) == own })
                {
                    reasons.append("\(own) is another network there")
                }
                if let step, step.interfaces[own, default: own] != name {
                    reasons.append("\(own) is \(name) there, not \(step.interfaces[own] ?? own)")
                }
                switch card.plug {
                case .network: reasons += network(card, own, name, source, target)
                case .bridge: reasons += bridge(card, name, target)
                case .direct where target.networkDevices?.contains(name) == false:
                    reasons.append("no network device \(name)")
                case .direct, .other: break
                }
                return reasons
            }
    }

    private static func network(
        _ card: NetworkInterface, _ own: String, _ name: String, _ source: HostFacts,
        _ target: HostFacts
    ) -> [String] {
        guard target.networks.contains(name) else { return ["no network \(name)"] }
        guard let there = target.networkDetails?.first(where: { $0.name == name }) else {
            return []
        }
        var reasons: [String] = []
        let groups = there.portgroups ?? []
        if let wanted = card.portgroup, !groups.map(\.name).contains(wanted) {
            reasons.append("network \(name) has no portgroup \(wanted)")
        }
        if there.forward == "bridge", let bridge = there.bridge,
            target.networkDevices?.contains(bridge) == false
        {
            reasons.append("network \(name) is on \(bridge), which is not there")
        }
        let here = source.networkDetails?.first { $0.name == own }
        if let here, Set(tags(of: card, in: here)) != Set(tags(of: card, in: there)) {
            reasons.append("network \(name) has other VLAN tags there")
        }
        return reasons
    }

    private static func tags(of card: NetworkInterface, in network: LibvirtNetwork) -> [Int] {
        let groups = network.portgroups ?? []
        let group =
            card.portgroup.map { name in groups.first { $0.name == name } }
            ?? groups.first { $0.isDefault }
        return group?.vlans ?? network.vlans ?? []
    }

    private static func bridge(
        _ card: NetworkInterface, _ name: String, _ target: HostFacts
    ) -> [String] {
        guard let bridges = target.bridges else { return [] }
        let isLinux = target.linuxBridges?.contains(name)
        guard card.virtualPort == "openvswitch" else {
            if !bridges.contains(name) { return ["no bridge \(name)"] }
            return isLinux == false ? ["\(name) is no Linux bridge there"] : []
        }
        if isLinux == true { return ["\(name) is not a bridge of Open vSwitch there"] }
        let isUnseen = !bridges.contains(name) && target.networkDevices?.contains(name) == false
        return isUnseen ? ["no bridge \(name)"] : []
    }
}
