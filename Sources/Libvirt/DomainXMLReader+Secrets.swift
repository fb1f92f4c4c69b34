import ClusterModel

extension DomainXMLReader {
    /// Secrets for its disks (`<auth>`, `<encryption>`, of the images under them too) and for its
    /// TPM; nil where it needs none.
    static func secrets(of root: MarkupElement) -> [SecretNeed]? {
        let devices = root.first("devices")
        var needs = (devices?.all("disk") ?? []).flatMap { need(in: $0, isEncryption: false) }
        for tpm in devices?.all("tpm") ?? [] {
            if let uuid = tpm.first("backend", "encryption")?.attribute("secret") {
                needs.append(SecretNeed(uuid: uuid.lowercased(), usageType: "vtpm"))
            }
        }
        var known: Set<SecretNeed> = []
        needs = needs.filter { known.insert($0).inserted }
        return needs.isEmpty ? nil : needs
    }

    /// For an image's passphrase libvirt looks among the secrets of type `volume`
    /// (qemuDomainSecretStorageSourcePrepare).
    private static func need(in element: MarkupElement, isEncryption: Bool) -> [SecretNeed] {
        element.children.flatMap { child -> [SecretNeed] in
            guard child.name == "secret" else {
                return need(in: child, isEncryption: isEncryption || child.name == "encryption")
            }
            let uuid = child.attribute("uuid")?.lowercased()
            let usage = child.attribute("usage")
            guard uuid != nil || usage != nil else { return [] }
            let type = isEncryption ? "volume" : child.attribute("type")
            return [SecretNeed(uuid: uuid, usageType: type, usage: uuid == nil ? usage : nil)]
        }
    }
}
