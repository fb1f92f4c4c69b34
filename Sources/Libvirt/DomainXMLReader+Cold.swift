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
        return found
    }
}
