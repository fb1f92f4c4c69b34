import ClusterModel
import PlacementPolicy
import Planning
import TestSupport
import Testing

/// What a guest boots from and what is plugged into it must be among what the other host's QEMU
/// offers: firmware is named otherwise in another release, swtpm is not installed, SPICE is gone.
@Suite struct FirmwareCases {
    private static let newer = "/usr/share/OVMF/OVMF_CODE_4M.fd"
    private static let older = "/usr/share/OVMF/OVMF_CODE.fd"

    private func uefi(hosts: Int = 2) -> GuestCase {
        var fleet = GuestCase(hosts: hosts)
        var devices = GuestDevices()
        devices.loader = Self.newer
        fleet.guest.devices = devices
        return fleet
    }

    @Test func `a host whose firmware has another name is ruled out`() throws {
        var fleet = uefi()
        fleet.offer(on: [1]) { $0.loaders = [Self.older, Self.newer] }
        fleet.offer(on: [2]) { $0.loaders = [Self.older] }
        let blocker = try fleet.blocker()
        #expect(blocker.reason == .firmware)
        #expect(
            blocker.detail == "host2: its firmware \(Self.newer) is not there (\(Self.older) is)")
        #expect(!fleet.complaints().isEmpty)
        // Shut down it needs the file as well.
        #expect(!fleet.complaints(mode: .offline).isEmpty)
    }

    @Test func `the host that has it is chosen, however full it is`() {
        var fleet = uefi(hosts: 3)
        fleet.offer(on: [1, 3]) { $0.loaders = [Self.newer] }
        fleet.offer(on: [2]) { $0.loaders = [] }
        fleet.cluster.domain("other", on: "host3", memory: .gibibytes(8))
        #expect(fleet.target == "host3")
    }

    @Test func `a file that not even its own host lists proves nothing`() {
        var fleet = uefi()
        fleet.offer(on: [1, 2]) { $0.loaders = [Self.older] }
        #expect(fleet.target == "host2")
    }

    @Test func `what a host does not tell rules nothing out`() {
        var fleet = uefi()
        fleet.offer(on: [1]) { $0.loaders = [Self.newer] }
        #expect(fleet.target == "host2")
    }

    /// One device, what the source offers, what the target offers, and a word of the blocker.
    struct Device: Sendable, CustomTestStringConvertible {
        var name: String
        var reason: Blocker.Reason
        /// Says what an emulator offers of its kind, and that the guest has it.
        var offer: @Sendable (inout GuestOffer, [String]) -> Void
        var give: @Sendable (inout GuestDevices) -> Void
        var testDescription: String { name }
    }

    static let devices = [
        Device(name: "emulator", reason: .tpm) {
            $0.tpmBackends = $1
        } give: {
            $0.tpmBackend = "emulator"
        },
        Device(name: "tpm-crb", reason: .tpm) {
            $0.tpmModels = $1
        } give: {
            $0.tpmModel = "tpm-crb"
        },
        Device(name: "qxl", reason: .device) {
            $0.videoModels = $1
        } give: {
            $0.videoModels = ["qxl"]
        },
        Device(name: "spice", reason: .device) {
            $0.consoles = $1
        } give: {
            $0.consoles = ["spice", "vnc"]
        },
        Device(name: "evmcs", reason: .device) {
            $0.hyperv = $1
        } give: {
            $0.hyperv = ["evmcs", "vapic"]
        },
    ]

    @Test(arguments: devices)
    func `a device that its QEMU does not have rules a host out`(device: Device) throws {
        var fleet = GuestCase()
        var devices = GuestDevices()
        device.give(&devices)
        fleet.guest.devices = devices
        fleet.offer(on: [1, 2]) { device.offer(&$0, [device.name, "vnc", "vapic"]) }
        #expect(fleet.target == "host2")
        fleet.offer(on: [2]) { device.offer(&$0, ["vnc", "vapic"]) }
        let blocker = try fleet.blocker()
        #expect(
            blocker.reason == device.reason && blocker.detail.contains(device.name), "\(blocker)")
        #expect(!fleet.complaints().isEmpty)
    }

    @Test func `encrypted memory matters where a guest is started again`() throws {
        var fleet = GuestCase()
        var devices = GuestDevices()
        devices.launchSecurity = "sev"
        fleet.guest.devices = devices
        fleet.offer(on: [1]) { $0.launchSecurity = ["sev"] }
        fleet.offer(on: [2]) { $0.launchSecurity = [] }
        #expect(!fleet.complaints(mode: .offline).filter { $0.contains("sev") }.isEmpty)
    }
}
