/// What an emulator of a host offers to guests beside machine types, by libvirt's domain
/// capabilities; nil where they do not tell.
package struct GuestOffer: Hashable, Codable, Sendable {
    /// Firmware files that are there, sorted.
    package var loaders: [String]?
    package var tpmModels: [String]?
    /// `emulator` is among them where swtpm is installed.
    package var tpmBackends: [String]?
    package var videoModels: [String]?
    /// Kinds of consoles: `vnc`, `spice`, …
    package var consoles: [String]?
    package var hyperv: [String]?
    /// Kinds of memory that is encrypted for one guest: `sev`.
    package var launchSecurity: [String]?

    package init() {}

    package var isEmpty: Bool { self == GuestOffer() }
}

/// What a guest has that its host must offer, beside machine and CPU.
package struct GuestDevices: Hashable, Codable, Sendable {
    /// Its firmware file; nil for QEMU's own BIOS.
    package var loader: String?
    package var tpmModel: String?
    package var tpmBackend: String?
    package var videoModels: [String]?
    package var consoles: [String]?
    package var hyperv: [String]?
    package var launchSecurity: String?

    package init() {}

    package var isEmpty: Bool { self == GuestDevices() }
}
