import ClusterModel

extension DomainXMLReader {
    /// What forbids moving the domain shut down: it would not shut down when it is asked to.
    static func coldBlockers(of root: MarkupElement, name: String) -> [Blocker] {
        var found: [Blocker] = []
        if let action = root.first("on_poweroff")?.trimmedText, !action.isEmpty,
            action != "destroy"
        {
            found.append(
                Blocker(
                    domain: name, reason: .state,
                    detail: "it does not stay down when it is shut down (on_poweroff: \(action))",
                    remedy: "set <on_poweroff>destroy</on_poweroff>, or move it live"))
        }
        return found + coldLosses(of: root, name: name)
    }

    /// What it keeps on its host beside its disks and would lose, or could, if it moved cold:
    /// libvirt deletes the state of an emulated TPM with the definition that leaves, and of UEFI
    /// variables only those in a plain file are copied.
    static func coldLosses(of root: MarkupElement, name: String) -> [Blocker] {
        let remedy = "move it live; if it is off, leave it out of --offline: it then stays defined"
        var found: [Blocker] = []
        if hasDeletedTPM(root) {
            found.append(
                Blocker(
                    domain: name, reason: .tpm,
                    detail:
                        "it has an emulated TPM, whose state libvirt deletes on its host when its "
                        + "definition leaves: keys in it could be lost in a cold move",
                    remedy: remedy))
        }
        if let form = strangeVariables(root) {
            found.append(
                Blocker(
                    domain: name, reason: .localStorage,
                    detail: "its UEFI variables are kept in a form that is not copied cold "
                        + "(\(form)): it would start with fresh ones",
                    remedy: remedy))
        }
        return found
    }

    /// One that libvirt runs itself, and whose state it was not told to keep.
    private static func hasDeletedTPM(_ root: MarkupElement) -> Bool {
        (root.first("devices")?.all("tpm") ?? []).compactMap { $0.first("backend") }.contains {
            $0.attribute("type") == "emulator" && $0.attribute("persistent_state") != "yes"
        }
    }

    /// Everything but `<nvram>/path</nvram>`; nil where there is nothing to copy.
    private static func strangeVariables(_ root: MarkupElement) -> String? {
        guard let os = root.first("os") else { return nil }
        if os.first("varstore") != nil { return "<varstore>" }
        guard let variables = os.first("nvram") else { return nil }
        if let type = variables.attribute("type") { return "<nvram type='\(type)'>" }
        return variables.first("source") == nil ? nil : "<nvram> with <source>"
    }
}
