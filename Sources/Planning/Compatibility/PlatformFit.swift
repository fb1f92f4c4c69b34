import ClusterModel

/// Can the target give the guest the machine, the CPU and the networks that it has now?
enum PlatformFit {
    static func misfit(
        _ domain: DomainProfile, from source: HostProfile, to target: HostProfile
    ) -> Misfit? {
        machine(domain, target) ?? CPUFit.misfit(domain.guest, source, target)
            ?? OfferFit.misfit(domain.guest, source, target) ?? width(domain, source, target)
            ?? NetworkFit.misfit(domain, from: source, to: target) ?? security(source, target)
            ?? cells(domain, target) ?? pages(domain, target)
            ?? compression(source, target)
    }

    /// The same of a guest that is started there again: it takes whatever CPU it finds.
    static func coldMisfit(
        _ domain: DomainProfile, from source: HostProfile, to target: HostProfile
    ) -> Misfit? {
        machine(domain, target) ?? CPUFit.model(domain.guest, target)
            ?? OfferFit.misfit(domain.guest, source, target, isCold: true)
            ?? width(domain, source, target)
            ?? NetworkFit.misfit(domain, from: source, to: target) ?? security(source, target)
            ?? cells(domain, target) ?? pages(domain, target)
    }

    private static func machine(_ domain: DomainProfile, _ target: HostProfile) -> Misfit? {
        let guest = domain.guest
        guard let support = target.support(for: guest) else {
            return Misfit(
                reason: .architecture,
                detail:
                    "it runs no \(guest.virtualization) guests for \(guest.architecture)",
                remedy: guest.virtualization == "kvm"
                    && target.cpuArchitecture != guest.architecture
                    ? "move it to a host with a CPU of architecture \(guest.architecture)"
                    : "install the emulator for \(guest.architecture) there and make sure that "
                        + "\(guest.virtualization) works (virt-host-validate)")
        }
        guard let machine = guest.machineType, !support.machineTypes.contains(machine) else {
            return nil
        }
        return Misfit(
            reason: .machineType, detail: "its QEMU has no machine type \(machine)",
            remedy: "bring QEMU there to the source's version, or give the domain an older "
                + "machine type at its next start")
    }

    /// More virtual CPUs than the host has CPUs: they then hold each other's locks while they wait
    /// for a CPU. Where its own host has no more, it is no worse off there.
    private static func width(
        _ domain: DomainProfile, _ source: HostProfile, _ target: HostProfile
    ) -> Misfit? {
        guard let vcpus = domain.boundedVCPUs, vcpus > target.logicalCPUs,
            target.logicalCPUs < source.logicalCPUs
        else { return nil }
        return Misfit(
            reason: .cpu,
            detail: "it has \(vcpus) virtual CPUs, and \(Self.cpus(target.logicalCPUs)) there",
            remedy:
                "give it no more than that at its next start (virsh setvcpus --config), or name "
                + "it under wideGuests in the policy")
    }

    static func cpus(_ count: Int) -> String { count == 1 ? "1 CPU is" : "\(count) CPUs are" }

    private static func security(_ source: HostProfile, _ target: HostProfile) -> Misfit? {
        guard source.securityModel != target.securityModel else { return nil }
        let names = [source.securityModel, target.securityModel].map { $0 ?? "none" }
        return Misfit(
            reason: .security, detail: "its security model is \(names[1]), not \(names[0])",
            remedy: "set the same security_driver in qemu.conf on both hosts")
    }

    private static func compression(_ source: HostProfile, _ target: HostProfile) -> Misfit? {
        let ends = [("the source's", source), ("its", target)]
        guard let (whose, host) = ends.first(where: { $0.1.lacksCompressionThreads != nil }),
            let version = host.lacksCompressionThreads
        else { return nil }
        return Misfit(
            reason: .other,
            detail: "\(whose) QEMU \(version) has no compression threads: 9.1 removed them",
            remedy: "compress with xbzrle (--comp-methods xbzrle), or send with --parallel")
    }

    /// Where it has none at all, that is a shortage like any other.
    private static func pages(_ domain: DomainProfile, _ target: HostProfile) -> Misfit? {
        let sizes = target.hugePageSizes
        guard let size = domain.defaultPages, !sizes.isEmpty, sizes != [size] else { return nil }
        return Misfit(
            reason: .hugePages,
            detail: "it asks for huge pages without a size, which are of \(size) on its host, and "
                + "pages of \(sizes.map(\.description).joined(separator: " and ")) are set aside",
            remedy: "give the size in its definition (<page> in <hugepages>), and restart the guest"
        )
    }

    private static func cells(_ domain: DomainProfile, _ target: HostProfile) -> Misfit? {
        guard let wanted = domain.strictCells else { return nil }
        let missing = wanted.filter { !target.cells.contains($0) }
        guard !missing.isEmpty else { return nil }
        let numbers = missing.map(String.init).joined(separator: ", ")
        return Misfit(
            reason: .numa, detail: "no NUMA cell \(numbers), which the domain is bound to",
            remedy:
                "make the domain's numatune 'preferred', or bind it to cells that every host has")
    }
}

extension Misfit {
    static func network(_ unread: UnreadPart) -> Misfit {
        Misfit(reason: .network, detail: unread.detail(), remedy: unread.remedy())
    }
}
