import ClusterModel

/// Does the target's emulator offer what the guest has beside machine and CPU?
///
/// A list that lacks what runs on its own host is not complete: then the target's is no proof
/// either. What a host does not tell rules nothing out.
enum OfferFit {
    /// `isCold`: for a guest that is started there again. Whoever's memory is encrypted can go no
    /// other way.
    static func misfit(
        _ guest: GuestPlatform, _ source: HostProfile, _ target: HostProfile, isCold: Bool = false
    ) -> Misfit? {
        guard let devices = guest.devices else { return nil }
        let here = source.support(for: guest)?.offer
        let there = target.support(for: guest)?.offer
        func missing(_ names: [String]?, _ list: KeyPath<GuestOffer, [String]?>) -> [String] {
            guard let names, let offered = there?[keyPath: list] else { return [] }
            let own = here?[keyPath: list]
            return names.filter { !offered.contains($0) && own?.contains($0) != false }
        }
        if let loader = missing(devices.loader.map { [$0] }, \.loaders).first {
            let offered = there?.loaders ?? []
            return Misfit(
                reason: .firmware,
                detail: "its firmware \(loader) is not there ("
                    + (offered.isEmpty ? "no firmware is" : offered.joined(separator: ", ") + " is")
                    + ")",
                remedy: "install the package that has \(loader) there, of the source's version")
        }
        if let backend = missing(devices.tpmBackend.map { [$0] }, \.tpmBackends).first {
            return Misfit(
                reason: .tpm, detail: "it offers no TPM with backend \(backend)",
                remedy: backend == "emulator"
                    ? "install swtpm and swtpm-tools there, and restart libvirtd or virtqemud"
                    : "use <backend type='emulator'> in the domain, with swtpm on every host")
        }
        let parts: [(Blocker.Reason, String, [String])] = [
            (.tpm, "TPM model", missing(devices.tpmModel.map { [$0] }, \.tpmModels)),
            (.device, "video card", missing(devices.videoModels, \.videoModels)),
            (.device, "console", missing(devices.consoles, \.consoles)),
            (.device, "Hyper-V feature", missing(devices.hyperv, \.hyperv)),
        ]
        if let (reason, what, names) = parts.first(where: { !$0.2.isEmpty }) {
            return Misfit(
                reason: reason,
                detail: "its QEMU offers no \(what) \(names.joined(separator: ", "))",
                remedy: "install the QEMU packages that have it there, or take it out of the "
                    + "domain at its next start")
        }
        var kinds = isCold ? missing(devices.launchSecurity.map { [$0] }, \.launchSecurity) : []
        // Not every kind has a name in a source's list; where none is listed there is none.
        if isCold, target.support(for: guest)?.offer?.launchSecurity == [] {
            kinds += devices.launchSecurity.map { [$0] } ?? []
        }
        return kinds.first.map {
            Misfit(
                reason: .security, detail: "it has no encrypted memory of kind \($0)",
                remedy: "move it to a host that has it")
        }
    }
}
