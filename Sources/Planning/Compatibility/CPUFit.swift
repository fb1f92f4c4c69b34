import ClusterModel

/// Can a KVM guest's CPU, as it is now, be had on the target? libvirt of the target says so, where
/// it was asked; what the hosts tell of themselves decides where not.
enum CPUFit {
    static func misfit(
        _ guest: GuestPlatform, _ source: HostProfile, _ target: HostProfile
    ) -> Misfit? {
        // What an emulated CPU can do does not depend on the host's own.
        guard guest.virtualization == "kvm" else { return model(guest, target) }
        if let misfit = clock(guest, target) { return misfit }
        switch guest.cpu.mode {
        case "host-passthrough", "maximum":
            return model(guest, target) ?? passthrough(source, target)
        default: break
        }
        switch answer(guest.cpu, source, target) {
        case .usable: return nil
        case .unusable(let misfit): return misfit
        case .unknown:
            return model(guest, target) ?? vendor(source, target)
                ?? features(guest.cpu, source, target).map { lacking($0) }
        }
    }

    /// Is it left open whether the guest's features can be had there?
    static func isOpen(
        _ cpu: GuestCPU, from source: HostFacts, to target: HostFacts
    ) -> Bool {
        guard !cpu.requiredFeatures.isEmpty, target.answer(about: cpu) == nil,
            source.cpu.model != target.cpu.model
        else { return false }
        let isNew = cpu.requiredFeatures.contains {
            source.cpu.features.contains($0) && !target.cpu.features.contains($0)
                && !CPUModelTable.known.contains($0)
        }
        return isNew || CPUModelTable.features(of: target.cpu.model) == nil
    }

    private enum Verdict {
        case usable, unknown
        case unusable(Misfit)
    }

    /// The guest runs on its source: what libvirt misses there too, it cannot judge.
    private static func answer(
        _ cpu: GuestCPU, _ source: HostProfile, _ target: HostProfile
    ) -> Verdict {
        guard let there = target.answer(about: cpu) else { return .unknown }
        guard !there.isUsable else { return .usable }
        guard let here = source.answer(about: cpu), !here.isUsable else {
            guard let lacks = there.lacks else {
                return .unusable(
                    Misfit(
                        reason: .cpuModel,
                        detail: "libvirt there refuses the guest's CPU: "
                            + (there.reason ?? "it gives no reason"),
                        remedy: "give the domain a CPU model that every host has (virsh "
                            + "hypervisor-cpu-baseline) at its next start"))
            }
            return .unusable(lacking(lacks))
        }
        guard let lacks = there.lacks, let missed = here.lacks else { return .unknown }
        let more = lacks.filter { !missed.contains($0) }
        return more.isEmpty ? .usable : .unusable(lacking(more))
    }

    private static func lacking(_ features: [String]) -> Misfit {
        Misfit(
            reason: .cpuModel,
            detail: "the CPU lacks "
                + (features.isEmpty ? "something" : features.joined(separator: ", "))
                + ", which the guest requires",
            remedy: "check firmware settings and microcode there, or give the domain a CPU model "
                + "that every host has (virsh hypervisor-cpu-baseline) at its next start")
    }

    static func model(_ guest: GuestPlatform, _ target: HostProfile) -> Misfit? {
        guard guest.cpu.mode == "custom", let model = guest.cpu.model,
            let usable = target.support(for: guest)?.usableCPUModels, !usable.contains(model)
        else { return nil }
        return Misfit(
            reason: .cpuModel, detail: "CPU model \(model) is not usable",
            remedy: "give the domain a CPU model that every host has (virsh "
                + "hypervisor-cpu-baseline) at its next start")
    }

    /// Nobody supports a live migration between them, and libvirt was not asked.
    private static func vendor(_ source: HostProfile, _ target: HostProfile) -> Misfit? {
        guard let here = source.cpuVendor, let there = target.cpuVendor, here != there else {
            return nil
        }
        return Misfit(
            reason: .cpuModel,
            detail: "its CPU is made by \(there), and that of its host by \(here)",
            remedy: "move it cold (--offline), or to a host with a CPU of the same maker")
    }

    private static func passthrough(_ source: HostProfile, _ target: HostProfile) -> Misfit? {
        let missing = source.cpuFeatures.filter { !target.cpuFeatures.contains($0) }
        let detail: String
        if source.cpuModel != target.cpuModel || source.cpuVendor != target.cpuVendor {
            let names = [source, target].map { host in
                "\(host.cpuModel ?? "an unknown model") (\(host.cpuVendor ?? "unknown maker"))"
            }
            detail = "host-passthrough needs the same CPU: \(names[0]) is not \(names[1])"
        } else if !missing.isEmpty {
            detail =
                "host-passthrough needs the same CPU: it lacks " + missing.joined(separator: ", ")
        } else {
            return nil
        }
        return Misfit(
            reason: .cpuModel, detail: detail,
            remedy: "use host-model or a named CPU model instead of host-passthrough at the "
                + "domain's next start")
    }

    /// A host lists its features beyond its model: where both models are equal, a required feature
    /// that the source lists and the target does not is missing. Where they differ, it is missing
    /// if the target's model does not have it either; of a model that is not in the table nothing
    /// is known.
    private static func features(
        _ cpu: GuestCPU, _ source: HostProfile, _ target: HostProfile
    ) -> [String]? {
        let missing: [String]
        if source.cpuModel == target.cpuModel {
            missing = cpu.requiredFeatures.filter {
                source.cpuFeatures.contains($0) && !target.cpuFeatures.contains($0)
            }
        } else if let own = CPUModelTable.features(of: target.cpuModel) {
            missing = cpu.requiredFeatures.filter {
                CPUModelTable.known.contains($0) && !own.contains($0)
                    && !target.cpuFeatures.contains($0)
            }
        } else {
            return nil
        }
        return missing.isEmpty ? nil : missing
    }

    /// libvirt starts a guest with a fixed frequency only where the CPU can give it, or has it
    /// (`qemuProcessStartValidateTSC`: within 250 ppm).
    private static func clock(_ guest: GuestPlatform, _ target: HostProfile) -> Misfit? {
        let plausible: ClosedRange<Int64> = 1...1_000_000_000_000
        guard let wanted = guest.tscHertz, let own = target.tscHertz, target.scalesTSC != true,
            plausible.contains(wanted), plausible.contains(own), abs(wanted - own) > own / 4000
        else { return nil }
        return Misfit(
            reason: .cpuModel,
            detail: "its time stamp counter runs at \(own) Hz and cannot give the guest "
                + "\(wanted) Hz",
            remedy: "send it to a host with TSC scaling, or drop the tsc timer's frequency at the "
                + "domain's next start")
    }
}
