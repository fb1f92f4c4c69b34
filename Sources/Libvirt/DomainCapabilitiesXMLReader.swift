import ClusterModel

/// Reads what one emulator offers to guests (`virConnectGetDomainCapabilities`).
enum DomainCapabilitiesXMLReader {
    /// Of one emulator and one kind of machine.
    struct Capabilities: Hashable, Sendable {
        /// The CPU models that a guest may be given, sorted; nil where the emulator has no choice.
        var usableCPUModels: [String]?
        var offer: GuestOffer
    }

    static func read(_ xml: String) throws(MalformedXML) -> Capabilities {
        let root = try MarkupReader.read(xml, root: "domainCapabilities")
        return Capabilities(usableCPUModels: usableCPUModels(root), offer: offer(root))
    }

    private static func usableCPUModels(_ root: MarkupElement) -> [String]? {
        let modes = root.first("cpu")?.all("mode") ?? []
        guard
            let custom = modes.first(where: {
                $0.attributes["name"] == "custom" && $0.attributes["supported"] == "yes"
            })
        else { return nil }
        return custom.all("model").filter { $0.attributes["usable"] != "no" }
            .map(\.trimmedText).sorted()
    }

    private static func offer(_ root: MarkupElement) -> GuestOffer {
        let (os, devices) = (root.first("os"), root.first("devices"))
        let features = root.first("features")
        var offer = GuestOffer()
        if let loader = os?.first("loader"), loader.attributes["supported"] == "yes" {
            offer.loaders = loader.all("value").map(\.trimmedText).sorted()
        }
        offer.tpmModels = values("model", of: devices?.first("tpm"))
        offer.tpmBackends = values("backendModel", of: devices?.first("tpm"))
        offer.videoModels = values("modelType", of: devices?.first("video"))
        offer.consoles = values("type", of: devices?.first("graphics"))
        offer.hyperv = values("features", of: features?.first("hyperv"))
        if let sev = features?.first("sev") {
            offer.launchSecurity = sev.attributes["supported"] == "yes" ? ["sev"] : []
        }
        return offer
    }

    /// The values of one enumeration, sorted: none where the device is not supported, nil where
    /// that libvirt does not know the device or the enumeration.
    private static func values(_ name: String, of device: MarkupElement?) -> [String]? {
        guard let device else { return nil }
        guard device.attributes["supported"] == "yes" else { return [] }
        return device.all("enum").first { $0.attributes["name"] == name }
            .map { $0.all("value").map(\.trimmedText).sorted() }
    }
}
