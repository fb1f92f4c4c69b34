internal import CLibvirt
import ClusterModel

/// Asks libvirt whether the CPU of a guest that runs elsewhere can be had here.
///
/// Only for KVM guests: an emulated CPU depends on QEMU alone. The CPU is described by model,
/// vendor and features, as the guest's live XML has them; what else stands in `<cpu>` (topology,
/// cells, caches) asks nothing of the host's CPU.
enum GuestCPUDescription {
    /// nil where libvirt has nothing to compare: a CPU without a model (`host-passthrough`,
    /// QEMU's default).
    static func xml(of cpu: MarkupElement?) -> String? {
        guard let cpu, let model = cpu.first("model")?.trimmedText, !model.isEmpty,
            !["host-passthrough", "maximum"].contains(cpu.attributes["mode"])
        else { return nil }
        var parts = ["<model fallback='forbid'>\(escaped(model))</model>"]
        if let vendor = cpu.first("vendor")?.trimmedText, !vendor.isEmpty {
            parts.append("<vendor>\(escaped(vendor))</vendor>")
        }
        let features = cpu.all("feature").compactMap { feature -> (String, String)? in
            feature.attribute("name").map { ($0, feature.attribute("policy") ?? "require") }
        }
        parts += features.sorted { $0 < $1 }.map { name, policy in
            "<feature policy='\(escaped(policy))' name='\(escaped(name))'/>"
        }
        return "<cpu mode='custom' match='exact'>\(parts.joined())</cpu>"
    }

    static func kind(of xml: String) -> String {
        var digest = StableDigest()
        digest.add(xml)
        return String(digest.hexadecimal.prefix(16))
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing("'", with: "&apos;")
    }

    /// The features that libvirt names where it refuses a CPU (`x86Compute` in `cpu_x86.c`);
    /// nil where its words are others.
    static func lacks(in message: String) -> [String]? {
        let words = "does not provide required features: "
        guard let start = message.firstRange(of: words)?.upperBound else { return nil }
        // It may go on with an advice ("; try using 'Haswell-noTSX' CPU model").
        let names = message[start...].prefix { $0 != ";" }.split(separator: ",").map {
            String($0.filter { !$0.isWhitespace })
        }
        return names.isEmpty ? nil : Set(names).sorted()
    }
}

extension ConnectionHandle {
    /// nil where this host cannot tell: no KVM, a libvirt before 4.4, an architecture without
    /// comparison, a model that it does not know.
    func answer(about xml: String, kind: String) throws -> CPUAnswer? {
        let fails = VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE.rawValue
        let result = use {
            virConnectCompareHypervisorCPU($0, nil, nil, nil, "kvm", xml, fails)
        }
        if result >= 0 {
            return CPUAnswer(kind: kind, isUsable: result != VIR_CPU_COMPARE_INCOMPATIBLE.rawValue)
        }
        let failure = LibvirtFailure.last()
        // Of a CPU that it does not know itself libvirt says so with the same code.
        guard failure.has(VIR_ERR_CPU_INCOMPATIBLE), !failure.message.contains("unknown host CPU")
        else {
            guard isAlive else { throw failure }
            return nil
        }
        return CPUAnswer(
            kind: kind, isUsable: false, lacks: GuestCPUDescription.lacks(in: failure.message),
            reason: failure.message)
    }
}
