import ClusterModel

/// Can each card of the guest be plugged in on the target, and into the same network?
enum NetworkFit {
    static func misfit(
        _ domain: DomainProfile, from source: HostProfile, to target: HostProfile
    ) -> Misfit? {
        for card in domain.interfaces {
            if let filter = card.filter, target.networks.filters?.contains(filter) == false {
                return Misfit(
                    reason: .network, detail: "no network filter '\(filter)'",
                    remedy: "define it there: virsh nwfilter-dumpxml "
                        + "\(filter.quotedForShell) on its host, and virsh nwfilter-define "
                        + "there")
            }
            guard let own = card.source else { continue }
            guard let name = source.name(of: own, on: target) else {
                return Misfit(
                    reason: .network,
                    detail: "'\(own)' is a different network there, by the policy's interfaces",
                    remedy: "list what '\(own)' is called on each host under interfaces")
            }
            let misfit: Misfit? =
                switch card.plug {
                case .network where !target.networks.names.contains(name):
                    target.unread(.networks).map { .network($0) } ?? noNetwork(name)
                case .network: network(card, own, name, source.networks, target.networks)
                case .bridge: bridge(card, name, target.networks)
                case .direct: device(name, target.networks)
                case .other: nil
                }
            if let misfit { return misfit }
        }
        return nil
    }

    private static func noNetwork(_ name: String) -> Misfit {
        Misfit(
            reason: .network, detail: "no active libvirt network '\(name)'",
            remedy: "define and start network '\(name)' there (virsh net-start)")
    }

    /// libvirt gives a card whose portgroup is missing the network's default one, and says nothing.
    private static func network(
        _ card: NetworkInterface, _ own: String, _ name: String, _ source: HostNetworks,
        _ target: HostNetworks
    ) -> Misfit? {
        guard let there = target.detail(of: name) else { return nil }
        if let group = card.portgroup,
            there.portgroups?.contains(where: { $0.name == group }) != true
        {
            return Misfit(
                reason: .network, detail: "network '\(name)' has no portgroup '\(group)' there",
                remedy: "add it there, with what it has on its host: virsh net-update "
                    + "\(name.quotedForShell) add portgroup FILE --live --config, with the "
                    + "portgroup of virsh net-dumpxml \(own.quotedForShell) in FILE")
        }
        if let bridge = there.bridge, there.forward == "bridge",
            target.devices?.contains(bridge) == false
        {
            return Misfit(
                reason: .network,
                detail: "network '\(name)' is on bridge '\(bridge)', which does not exist there",
                remedy: "create bridge '\(bridge)' there; 'ip link show \(bridge)' shows it")
        }
        guard let here = source.detail(of: own) else { return nil }
        let tags = [here, there].map { $0.vlans(of: card.portgroup) }
        guard Set(tags[0]) != Set(tags[1]) else { return nil }
        let group = card.portgroup.map { ", portgroup '\($0)'," } ?? ""
        return Misfit(
            reason: .network,
            detail: "network '\(name)'\(group) is \(vlan(tags[1])) there, and \(vlan(tags[0])) on "
                + "its host",
            remedy: "give the network the same VLAN on both hosts (virsh net-edit "
                + "\(name.quotedForShell)), or say "
                + "under interfaces in the policy which network is the same there")
    }

    private static func vlan(_ tags: [Int]) -> String {
        tags.isEmpty
            ? "without a VLAN" : "VLAN " + tags.map(String.init).joined(separator: ", ")
    }

    private static func bridge(
        _ card: NetworkInterface, _ name: String, _ target: HostNetworks
    ) -> Misfit? {
        guard let bridges = target.bridges else { return nil }
        let isLinux = target.linuxBridges?.contains(name)
        if card.virtualPort == "openvswitch" {
            if isLinux == true {
                return Misfit(
                    reason: .network,
                    detail: "'\(name)' is a Linux bridge there, and its card is for Open vSwitch",
                    remedy: "make '\(name)' a bridge of Open vSwitch there (ovs-vsctl add-br), or "
                        + "give the name that it has on that host under interfaces in the policy")
            }
            // Bridges of Open vSwitch's own datapath look like any device; where devices were not
            // listed nothing shows them, and that is a caution.
            if bridges.contains(name) || target.devices?.contains(name) ?? true { return nil }
        } else if isLinux == false, bridges.contains(name) {
            return Misfit(
                reason: .network,
                detail: "'\(name)' is no Linux bridge there, and its card is for one",
                remedy: "give the name of the Linux bridge on that host under interfaces in the "
                    + "policy; for a bridge of Open vSwitch the card needs <virtualport "
                    + "type='openvswitch'/> at its next start")
        } else if bridges.contains(name) {
            return nil
        }
        return Misfit(
            reason: .network, detail: "no bridge '\(name)'",
            remedy: "create bridge '\(name)' there, or give its name on that host under "
                + "interfaces in the policy")
    }

    private static func device(_ name: String, _ target: HostNetworks) -> Misfit? {
        guard let devices = target.devices, !devices.contains(name) else { return nil }
        return Misfit(
            reason: .network, detail: "no network device '\(name)', which its macvtap card is on",
            remedy: "give the device's name on that host under interfaces in the policy")
    }

    /// What does not forbid a move but ends connections, or could not be looked at.
    static func cautions(
        _ domain: DomainFacts, from source: HostFacts, to target: HostFacts,
        named: [String: String]
    ) -> [String] {
        var cautions: [String] = []
        for card in domain.interfaces {
            if let filter = card.filter, target.networkFilters == nil {
                cautions.append("whether network filter '\(filter)' is there could not be checked")
            }
            guard let own = card.source else { continue }
            let name = named[own] ?? own
            switch card.plug {
            case .network: cautions += network(own, name, source, target)
            case .bridge:
                if target.bridges == nil {
                    cautions.append("its bridges could not be checked there")
                } else if card.virtualPort == "openvswitch", target.networkDevices == nil,
                    target.bridges?.contains(name) != true
                {
                    cautions.append(
                        "whether Open vSwitch has bridge '\(name)' there could not be checked")
                }
            case .direct:
                if target.networkDevices == nil {
                    cautions.append("whether device '\(name)' is there could not be checked")
                }
            case .other: break
            }
        }
        return cautions.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    }

    private static func network(
        _ own: String, _ name: String, _ source: HostFacts, _ target: HostFacts
    ) -> [String] {
        guard let there = target.networkDetails?.first(where: { $0.name == name }) else {
            return []
        }
        let here = source.networkDetails?.first { $0.name == own }
        if let here, here.isOfItsHost != there.isOfItsHost {
            return [
                "network '\(name)' is \(there.kind) there, and \(here.kind) on its host: it "
                    + "comes into another network"
            ]
        }
        guard there.isOfItsHost else { return [] }
        return [
            "network '\(name)' (\(there.kind)) is one of its own on each host: the guest keeps its "
                + "address but loses its connections, its port forwards and its neighbours"
        ]
    }
}
