import ClusterModel

extension DomainXMLReader {
    /// What the domain has that an emulator must offer: see `GuestOffer`.
    static func offered(of root: MarkupElement) -> GuestDevices {
        let devices = root.first("devices")
        var found = GuestDevices()
        if let loader = root.first("os", "loader")?.trimmedText, !loader.isEmpty {
            found.loader = loader
        }
        if let tpm = devices?.first("tpm") {
            found.tpmModel = tpm.attribute("model")
            found.tpmBackend = tpm.first("backend")?.attribute("type")
        }
        found.videoModels = kinds(
            devices?.all("video").compactMap { $0.first("model")?.attribute("type") })
        found.consoles = kinds(devices?.all("graphics").compactMap { $0.attribute("type") })
        let enlightenments = root.first("features", "hyperv")?.children ?? []
        found.hyperv = kinds(
            enlightenments.filter { $0.attributes["state"] == "on" }.map(\.name))
        found.launchSecurity = root.first("launchSecurity")?.attribute("type")
        return found
    }

    private static func kinds(_ names: [String]?) -> [String]? {
        guard let names, !names.isEmpty else { return nil }
        return Set(names).sorted()
    }
}
