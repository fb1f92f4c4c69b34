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

    /// What it keeps on its host beside its disks and would lose if it moved cold: of UEFI
    /// variables only those in a file are copied.
    static func coldLosses(of root: MarkupElement, name: String) -> [Blocker] {
        guard case .strange(let form) = variables(of: root) else { return [] }
        return [
            Blocker(
                domain: name, reason: .localStorage,
                detail: "its UEFI variables are kept in a form that is not copied cold "
                    + "(\(form)): it would start with fresh ones",
                remedy: "move it live; if it is off, leave it out of --offline: it then stays "
                    + "defined")
        ]
    }

    /// Where a domain keeps its UEFI variables.
    enum Variables: Hashable {
        case none
        case file(String)
        /// In no file of the host, in the words of its XML.
        case strange(String)
    }

    /// Both forms of a file: `<nvram>/path</nvram>`, and since 8.5 `<nvram type='file'>` with a
    /// `<source file=…/>`.
    static func variables(of root: MarkupElement) -> Variables {
        guard let os = root.first("os") else { return .none }
        if os.first("varstore") != nil { return .strange("<varstore>") }
        guard let element = os.first("nvram") else { return .none }
        let type = element.attribute("type")
        if let type, type != "file" { return .strange("<nvram type='\(type)'>") }
        if let source = element.first("source") {
            guard let path = source.attribute("file"), path.hasPrefix("/") else {
                return .strange("<nvram> with a <source> that is no file")
            }
            return .file(path)
        }
        let path = element.trimmedText
        return path.isEmpty ? .none : .file(path)
    }
}
