import ClusterModel

extension DomainXMLReader {
    /// What forbids moving the domain shut down: state that lies in files of its host which libvirt
    /// neither takes along nor lets be read, and what would not shut down when it is asked to.
    static func coldBlockers(of root: MarkupElement, name: String) -> [Blocker] {
        var found: [Blocker] = []
        let devices = root.first("devices")
        for tpm in devices?.all("tpm") ?? []
        where tpm.first("backend")?.attribute("type") == "emulator" {
            found.append(
                Blocker(
                    domain: name, reason: .tpm,
                    detail: "the state of its emulated TPM lies in files of its host, which only a "
                        + "live move carries",
                    remedy: "move it live, or put the TPM's state on shared storage and copy it by "
                        + "hand"))
        }
        if let action = root.first("on_poweroff")?.trimmedText, !action.isEmpty,
            action != "destroy"
        {
            found.append(
                Blocker(
                    domain: name, reason: .state,
                    detail: "it does not stay down when it is shut down (on_poweroff: \(action))",
                    remedy: "set <on_poweroff>destroy</on_poweroff>, or move it live"))
        }
        return found
    }
}
