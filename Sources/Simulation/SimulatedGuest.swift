package import ClusterModel

/// What a guest has beside its disks and how it takes a request to shut down: the equipment of a
/// domain that may move cold or with its images.
package struct SimulatedGuest: Hashable, Codable, Sendable {
    /// What it does when it is asked to shut down.
    package enum Shutdown: Hashable, Codable, Sendable {
        case prompt
        case late(milliseconds: Int64)
        case never
    }

    /// Its UEFI variables, in one of the forms that libvirt knows.
    package struct Firmware: Hashable, Codable, Sendable {
        package enum Form: String, Hashable, Codable, Sendable {
            /// `<nvram>/path</nvram>`.
            case plain
            /// `<nvram type='file'><source file='/path'/></nvram>`.
            case source
            /// `<nvram type='block'>`: in no file, though it is followed like one here.
            case block
        }

        package var path: String
        package var form: Form

        package init(path: String, form: Form = .plain) {
            self.path = path
            self.form = form
        }

        /// Where libvirt puts it when the XML does not say.
        package static func ownPath(of name: String) -> String {
            "/var/lib/libvirt/qemu/nvram/\(name)_VARS.fd"
        }
    }

    /// A TPM that libvirt emulates with swtpm.
    package struct TPM: Hashable, Codable, Sendable {
        /// `persistent_state='yes'`: libvirt then keeps the state where it removes the domain,
        /// unless it gets a flag against it.
        package var isKept: Bool

        package init(isKept: Bool = false) { self.isKept = isKept }

        package static func folder(of domain: DomainID) -> String {
            "/var/lib/libvirt/swtpm/\(domain)/tpm2"
        }

        static func path(of domain: DomainID) -> String {
            "\(folder(of: domain))/tpm2-00.permall"
        }
    }

    package var shutdown = Shutdown.prompt
    package var firmware: Firmware?
    package var tpm: TPM?

    package init(
        shutdown: Shutdown = .prompt, firmware: Firmware? = nil, tpm: TPM? = nil
    ) {
        self.shutdown = shutdown
        self.firmware = firmware
        self.tpm = tpm
    }

    /// What of it a cold move would lose, in the words of the reader of real domains.
    func coldLosses(of name: String) -> [Blocker] {
        guard firmware?.form == .block else { return [] }
        return [
            Blocker(
                domain: name, reason: .localStorage,
                detail: "its UEFI variables are kept in a form that is not copied cold "
                    + "(<nvram type='block'>): it would start with fresh ones",
                remedy: "move it live; if it is off, leave it out of --offline: it then stays "
                    + "defined")
        ]
    }
}
