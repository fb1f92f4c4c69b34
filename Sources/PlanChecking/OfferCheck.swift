import ClusterModel

/// Firmware, TPM, video, consoles and Hyper-V features of a guest are among what the target's
/// emulator offers, and its emulator is called by the target's path.
enum OfferCheck {
    static func reasons(
        _ guest: GuestPlatform, _ source: HostFacts, _ target: HostFacts, isCold: Bool
    ) -> [String] {
        guard let devices = guest.devices else { return [] }
        let (here, there) = (support(guest, source)?.offer, support(guest, target)?.offer)
        let needs: [(String, [String], [String]?, [String]?)] = [
            ("firmware", single(devices.loader), here?.loaders, there?.loaders),
            ("TPM backend", single(devices.tpmBackend), here?.tpmBackends, there?.tpmBackends),
            ("TPM model", single(devices.tpmModel), here?.tpmModels, there?.tpmModels),
            ("video card", devices.videoModels ?? [], here?.videoModels, there?.videoModels),
            ("console", devices.consoles ?? [], here?.consoles, there?.consoles),
            ("Hyper-V feature", devices.hyperv ?? [], here?.hyperv, there?.hyperv),
            (
                "encrypted memory", isCold ? single(devices.launchSecurity) : [],
                here?.launchSecurity, there?.launchSecurity
            ),
        ]
        return needs.compactMap { what, wanted, own, offered in
            // A source's list that lacks what runs there proves nothing about the target's.
            guard let offered else { return nil }
            let lost = wanted.filter { name in
                !offered.contains(name) && (own.map { $0.contains(name) } ?? true)
            }
            return lost.isEmpty ? nil : "no \(what) \(lost.joined(separator: ", ")) there"
        }
    }

    /// The step must say so where the target has its QEMU under another path, and only there.
    static func emulator(
        _ step: Step, _ guest: GuestPlatform, _ source: HostFacts, _ target: HostFacts
    ) -> [String] {
        var expected: [String: String] = [:]
        if let own = guest.emulator, own == support(guest, source)?.emulator,
            let other = support(guest, target)?.emulator, !other.isEmpty, other != own
        {
            expected[own] = other
        }
        return step.emulators == expected ? [] : ["its QEMU has another path there than it says"]
    }

    private static func single(_ name: String?) -> [String] { name.map { [$0] } ?? [] }

    private static func support(_ guest: GuestPlatform, _ host: HostFacts) -> GuestSupport? {
        host.guestSupport.first {
            $0.virtualization == guest.virtualization && $0.architecture == guest.architecture
        }
    }
}
