import ClusterModel

/// Under which path the target has the QEMU that runs the guest.
enum EmulatorFit {
    /// The target's own, where the guest's is its source's own and has another path there; nil
    /// where it goes as it is.
    static func renamed(
        _ guest: GuestPlatform, from source: HostProfile, to target: HostProfile
    ) -> (own: String, there: String)? {
        guard let own = guest.emulator, source.support(for: guest)?.emulator == own,
            let there = target.support(for: guest)?.emulator, !there.isEmpty, there != own
        else { return nil }
        return (own, there)
    }

    /// A QEMU that somebody chose for this domain: nobody but the target's disk knows whether it
    /// is there as well.
    static func caution(
        _ guest: GuestPlatform, from source: HostFacts, to target: HostFacts
    ) -> String? {
        func own(_ host: HostFacts) -> String? {
            host.guestSupport.first {
                $0.virtualization == guest.virtualization
                    && $0.architecture == guest.architecture
            }?.emulator
        }
        guard let emulator = guest.emulator, own(source) != emulator, own(target) != emulator
        else { return nil }
        return "runs on \(emulator), which is not its host's own QEMU: the target needs the same "
            + "file"
    }
}
