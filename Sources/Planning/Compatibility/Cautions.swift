import ClusterModel

/// What does not forbid a move but should be known before it.
enum Cautions {
    static func about(_ domain: DomainFacts, from source: HostFacts, to target: HostFacts)
        -> [String]
    {
        var cautions: [String] = []
        let text = HostFacts.text(ofVersion:)
        let passthrough = ["host-passthrough", "maximum"].contains(domain.guest.cpu.mode)
        if domain.guest.virtualization == "kvm", passthrough,
            source.cpu.microcode != target.cpu.microcode
        {
            cautions.append("the hosts' microcode differs under host-passthrough")
        }
        if domain.guest.virtualization == "kvm", domain.guest.cpu.mode != nil,
            !domain.guest.cpu.requiredFeatures.isEmpty, source.cpu.model != target.cpu.model
        {
            cautions.append("the hosts' CPU models differ, so required features were not compared")
        }
        if let from = source.hypervisorVersion, let to = target.hypervisorVersion, from > to {
            cautions.append("QEMU there is older (\(text(to)) after \(text(from)))")
        }
        if source.libvirtVersion > target.libvirtVersion, target.libvirtVersion > 0 {
            cautions.append(
                "libvirt there is older (\(text(target.libvirtVersion)) after "
                    + "\(text(source.libvirtVersion)))")
        }
        let bridged = domain.interfaces.contains {
            switch $0 {
            case .bridge: true
            case .network, .direct, .other: false
            }
        }
        if bridged, target.bridges == nil {
            cautions.append("its bridges could not be checked there")
        }
        return cautions + storage(domain, source, target)
    }

    private static func storage(
        _ domain: DomainFacts, _ source: HostFacts, _ target: HostFacts
    ) -> [String] {
        var cautions: [String] = []
        if target.secrets == nil, let secret = domain.secrets?.first {
            cautions.append("whether secret \(secret.text) is defined there is not known")
        }
        let hasFiles = domain.disks.contains { disk in
            if case .file = disk.source { true } else { false }
        }
        if hasFiles, let own = source.qemuOwner, let other = target.qemuOwner, own != other {
            cautions.append(
                "QEMU runs as \(other) (user and group) there and as \(own) here: its files may "
                    + "not open there")
        }
        return cautions
    }
}
