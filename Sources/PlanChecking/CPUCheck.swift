import ClusterModel

/// A KVM guest keeps its CPU when it moves live: the target must be able to give it.
enum CPUCheck {
    static func reasons(
        _ guest: GuestPlatform, _ source: HostFacts, _ target: HostFacts
    ) -> [String] {
        guard guest.virtualization == "kvm" else { return model(guest, target) }
        let clock = hasOtherClock(guest, target) ? ["its time stamp counter cannot be had"] : []
        if ["host-passthrough", "maximum"].contains(guest.cpu.mode) {
            let isSame =
                source.cpu.model == target.cpu.model
                && source.cpu.vendor == target.cpu.vendor
                && Set(source.cpu.features).isSubset(of: target.cpu.features)
            return clock + model(guest, target)
                + (isSame ? [] : ["host-passthrough between different CPUs"])
        }
        if let answer = libvirt(guest.cpu, source, target) {
            return clock + (answer ? [] : ["libvirt there refuses its CPU"])
        }
        let isLacking = !missing(guest.cpu, source, target).isEmpty
        let makers = [source, target].compactMap(\.cpu.vendor)
        return clock + model(guest, target)
            + (isLacking ? ["a required CPU feature is missing"] : [])
            + (Set(makers).count > 1 ? ["the CPUs are of different makers"] : [])
    }

    /// What libvirt of the target answers; nil where it was not asked, or misses as much of the
    /// CPU on the source, where the guest runs, without saying what.
    private static func libvirt(
        _ cpu: GuestCPU, _ source: HostFacts, _ target: HostFacts
    ) -> Bool? {
        guard let there = target.answer(about: cpu) else { return nil }
        if there.isUsable { return true }
        guard let here = source.answer(about: cpu), !here.isUsable else { return false }
        guard let lost = there.lacks, let lostHere = here.lacks else { return nil }
        return Set(lost).isSubset(of: lostHere)
    }

    private static func missing(
        _ cpu: GuestCPU, _ source: HostFacts, _ target: HostFacts
    ) -> Set<String> {
        let wanted = Set(cpu.requiredFeatures).subtracting(target.cpu.features)
        if source.cpu.model == target.cpu.model { return wanted.intersection(source.cpu.features) }
        guard let own = CPUModelTable.features(of: target.cpu.model) else { return [] }
        return wanted.intersection(CPUModelTable.known).subtracting(own)
    }

    private static func hasOtherClock(_ guest: GuestPlatform, _ target: HostFacts) -> Bool {
        let most: Int64 = 1_000_000_000_000
        guard let wanted = guest.tscHertz, let own = target.cpu.tscHertz,
            target.cpu.scalesTSC != true, wanted > 0, own > 0, wanted <= most, own <= most
        else { return false }
        // 250 parts of a million.
        return abs(wanted - own) > own / 4000
    }

    static func model(_ guest: GuestPlatform, _ target: HostFacts) -> [String] {
        let support = target.guestSupport.first {
            $0.virtualization == guest.virtualization && $0.architecture == guest.architecture
        }
        guard guest.cpu.mode == "custom", let model = guest.cpu.model,
            let usable = support?.usableCPUModels, !usable.contains(model)
        else { return [] }
        return ["CPU model \(model) is not usable"]
    }
}
