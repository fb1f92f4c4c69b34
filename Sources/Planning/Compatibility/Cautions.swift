import ClusterModel

/// What does not forbid a move but should be known before it.
enum Cautions {
    static func about(_ domain: DomainFacts, from source: HostFacts, to target: HostFacts)
        -> [String]
    {
        var cautions: [String] = []
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
            cautions.append("QEMU there is older (\(version(to)) after \(version(from)))")
        }
        if source.libvirtVersion > target.libvirtVersion, target.libvirtVersion > 0 {
            cautions.append(
                "libvirt there is older (\(version(target.libvirtVersion)) after "
                    + "\(version(source.libvirtVersion)))")
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
        return cautions
    }

    private static func version(_ number: Int) -> String {
        "\(number / 1_000_000).\(number / 1000 % 1000).\(number % 1000)"
    }
}
