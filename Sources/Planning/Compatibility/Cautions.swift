import ClusterModel

/// What does not forbid a move but should be known before it.
enum Cautions {
    /// `names` are those of its networks that are called otherwise on the target.
    static func about(
        _ domain: DomainFacts, from source: HostFacts, to target: HostFacts,
        named names: [String: String]
    ) -> [String] {
        var cautions: [String] = []
        let text = HostFacts.text(ofVersion:)
        let passthrough = ["host-passthrough", "maximum"].contains(domain.guest.cpu.mode)
        if domain.guest.virtualization == "kvm", passthrough,
            source.cpu.microcode != target.cpu.microcode
        {
            cautions.append("the hosts' microcode differs under host-passthrough")
        }
        if domain.guest.virtualization == "kvm", domain.guest.cpu.mode != nil,
            CPUFit.isOpen(domain.guest.cpu, from: source, to: target)
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
        if let caution = EmulatorFit.caution(domain.guest, from: source, to: target) {
            cautions.append(caution)
        }
        if domain.vcpus > target.cpu.logicalCPUs, domain.state.isActive {
            cautions.append(
                "it has \(domain.vcpus) virtual CPUs, and "
                    + "\(PlatformFit.cpus(target.cpu.logicalCPUs)) there")
        }
        cautions += NetworkFit.cautions(domain, from: source, to: target, named: names)
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
