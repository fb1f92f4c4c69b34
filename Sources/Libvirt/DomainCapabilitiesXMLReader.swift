/// Reads what one emulator offers to guests (`virConnectGetDomainCapabilities`).
enum DomainCapabilitiesXMLReader {
    /// The CPU models that a guest may be given, sorted; nil where the emulator has no choice.
    static func usableCPUModels(_ xml: String) throws(MalformedXML) -> [String]? {
        let root = try MarkupReader.read(xml, root: "domainCapabilities")
        let modes = root.first("cpu")?.all("mode") ?? []
        guard
            let custom = modes.first(where: {
                $0.attributes["name"] == "custom" && $0.attributes["supported"] == "yes"
            })
        else { return nil }
        return custom.all("model").filter { $0.attributes["usable"] != "no" }
            .map(\.trimmedText).sorted()
    }
}
