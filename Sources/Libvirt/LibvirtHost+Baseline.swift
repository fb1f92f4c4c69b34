internal import CLibvirt
package import ClusterModel
import Foundation

extension LibvirtHost {
    package func hostModelCPU(for virtualization: String) async throws -> String? {
        try await inspection.call("read its CPU", limit: options.inventoryLimit) { connection in
            let xml = try ownedString(
                connection.use {
                    virConnectGetDomainCapabilities($0, nil, nil, nil, virtualization, 0)
                })
            return try HostModelDescription.xml(in: xml)
        }
    }

    package func baseline(
        of cpus: [String], for virtualization: String
    ) async throws -> BaselineCPU? {
        try await inspection.call("compute a common CPU", limit: options.inventoryLimit) {
            try HostModelDescription.read($0.baselineXML(of: cpus, virtualization))
        }
    }
}

/// The CPU of a `host-model` guest, out of domain capabilities and into libvirt's baseline.
enum HostModelDescription {
    /// As `virsh hypervisor-cpu-baseline` takes it from there; nil where guests cannot have it.
    static func xml(in capabilities: String) throws(MalformedXML) -> String? {
        let root = try MarkupReader.read(capabilities, root: "domainCapabilities")
        let mode = root.first("cpu")?.all("mode").first {
            $0.attributes["name"] == "host-model" && $0.attributes["supported"] == "yes"
        }
        return GuestCPUDescription.xml(of: mode)
    }

    static func read(_ xml: String) throws(MalformedXML) -> BaselineCPU? {
        let root = try MarkupReader.read(xml, root: "cpu")
        guard let model = root.first("model")?.trimmedText, !model.isEmpty else { return nil }
        func features(_ policies: Set<String>) -> [String] {
            root.all("feature").filter { policies.contains($0.attribute("policy") ?? "require") }
                .compactMap { $0.attribute("name") }.sorted()
        }
        return BaselineCPU(
            model: model, vendor: root.first("vendor")?.trimmedText,
            required: features(["require", "force"]), disabled: features(["disable", "forbid"]))
    }
}

extension ConnectionHandle {
    /// Without features that would forbid to migrate.
    fileprivate func baselineXML(of cpus: [String], _ virtualization: String) throws -> String {
        var texts: [UnsafePointer<CChar>?] = cpus.map { UnsafePointer(strdup($0)) }
        defer { for text in texts { free(UnsafeMutablePointer(mutating: text)) } }
        return try ownedString(
            use { connection in
                texts.withUnsafeMutableBufferPointer { texts in
                    virConnectBaselineHypervisorCPU(
                        connection, nil, nil, nil, virtualization, texts.baseAddress,
                        UInt32(texts.count), VIR_CONNECT_BASELINE_CPU_MIGRATABLE.rawValue)
                }
            })
    }
}
