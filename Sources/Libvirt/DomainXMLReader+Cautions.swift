import ClusterModel

extension DomainXMLReader {
    /// What does not forbid a move but should be known before it.
    static func cautions(
        of root: MarkupElement, memory: Bytes
    ) throws(MalformedXML) -> [String] {
        var found = diskCautions(root) + hostFileCautions(root) + deviceCautions(root)
        let cpu = root.first("cpu")
        if let mode = cpu?.attribute("mode"), ["host-passthrough", "maximum"].contains(mode) {
            found.append(
                "CPU mode \(mode): the target's CPU and microcode must be the same, and nothing "
                    + "checks")
        }
        // QEMU's `hyperv_reenlightenment_post_load`; whether the guest uses it, nobody tells.
        if root.first("features", "hyperv", "reenlightenment")?.attribute("state") == "on",
            !hasFixedTSC(root)
        {
            found.append(
                "has Hyper-V re-enlightenment without a TSC frequency: a guest that uses it "
                    + "(Hyper-V in Windows, WSL) is refused by the target")
        }
        if root.first("cputune")?.children.contains(where: { $0.attribute("cpuset") != nil })
            == true || root.first("vcpu")?.attribute("cpuset") != nil
        {
            found.append("pinned to CPUs by number: pins to CPUs that the target lacks are dropped")
        }
        if let most = try root.first("maxMemory")?.memory(), most > memory {
            found.append(
                "may grow to \(most) by memory hotplug; only the current \(memory) is "
                    + "reserved")
        }
        if root.children.contains(where: { $0.namespace?.contains("/qemu/") == true }) {
            found.append(
                "has extra QEMU arguments (<qemu:commandline>), copied as they are")
        }
        return found
    }

    /// The most that cgroup v2 takes as `cpu.weight`.
    private static let mostShares = 10_000

    /// What libvirt sets up in the host's control groups, and copies as it is.
    static func tuningCautions(_ root: MarkupElement) -> [String] {
        var found: [String] = []
        if let partition = root.first("resource", "partition")?.trimmedText,
            !["", "/machine", "/machine.slice"].contains(partition)
        {
            found.append(
                "in resource partition \(partition): libvirt starts it only where that exists "
                    + "(its groups below /sys/fs/cgroup), so make it on the target first")
        }
        if let text = root.first("cputune", "shares")?.trimmedText, let shares = Int(text) {
            let weight =
                shares > mostShares
                ? "a host with cgroup v2 takes \(mostShares) at most and refuses it (virsh "
                    + "schedinfo --set cpu_shares=…)"
                : "they weigh as on its host only where the cgroup version is the same: by default "
                    + "a guest has 1024 under v1, and 100 under v2"
            found.append("has \(shares) CPU shares: \(weight)")
        }
        return found
    }

    private static func diskCautions(_ root: MarkupElement) -> [String] {
        var found: [String] = []
        for disk in root.first("devices")?.all("disk") ?? [] {
            let target = disk.first("target")?.attribute("dev") ?? "?"
            let cache = disk.first("driver")?.attribute("cache") ?? "default"
            if !["none", "directsync", "default"].contains(cache), !disk.has("readonly") {
                found.append(
                    "disk \(target) has cache='\(cache)': an older libvirt or QEMU refuses to "
                        + "migrate it, a newer one drops the host's cache first")
            }
            if let file = disk.first("source")?.attribute("file"),
                ["cdrom", "floppy"].contains(disk.attribute("device"))
            {
                found.append("\(target) holds \(file): the target needs the same file")
            }
            if disk.first("source")?.has("reservations") == true {
                found.append("disk \(target) holds SCSI reservations, which stay with its host")
            }
        }
        return found
    }

    /// Files that libvirt expects under the same path on the target.
    private static func hostFileCautions(_ root: MarkupElement) -> [String] {
        let os = root.first("os")
        var found: [String] = []
        for name in ["kernel", "initrd", "dtb", "loader"] {
            guard let path = os?.first(name)?.trimmedText, !path.isEmpty else { continue }
            found.append("boots from \(path) (\(name)): the target needs the same file")
        }
        if let path = os?.first("nvram")?.trimmedText, !path.isEmpty {
            found.append(
                "keeps its UEFI variables in \(path): a live move carries them, the old file stays")
        }
        return found
    }

    private static func deviceCautions(_ root: MarkupElement) -> [String] {
        var found: [String] = []
        for element in root.first("devices")?.children ?? [] where element.namespace == nil {
            switch element.name {
            case "tpm" where element.first("backend")?.attribute("type") == "emulator":
                found.append(
                    "has an emulated TPM: its state moves with it, and the target needs swtpm")
            case "graphics":
                found += listenAddresses(element).map {
                    "its \(element.attribute("type") ?? "graphics") console listens on \($0): "
                        + "the target must have this address"
                }
            case "serial", "parallel", "channel":
                if let caution = characterDevice(element) { found.append(caution) }
            case "vsock":
                let number = element.first("cid")?.attribute("address") ?? "?"
                found.append("its vsock number \(number) must be free on the target")
            case "interface", "disk":
                if element.attribute("type") == "vhostuser" {
                    found.append(
                        "a \(element.name) is served by a vhost-user socket: the target needs one")
                }
            default: break
            }
        }
        return found
    }

    /// Addresses that belong to one host and not to all of them.
    private static func listenAddresses(_ graphics: MarkupElement) -> [String] {
        let everywhere: Set<String> = ["0.0.0.0", "127.0.0.1", "::", "::1"]
        let addresses =
            graphics.all("listen").filter { $0.attribute("type") == "address" }
            .compactMap { $0.attribute("address") } + [graphics.attribute("listen") ?? ""]
        return Set(addresses.filter { !$0.isEmpty && !everywhere.contains($0) }).sorted()
    }

    private static func characterDevice(_ element: MarkupElement) -> String? {
        guard let type = element.attribute("type"), ["dev", "file", "pipe"].contains(type),
            let path = element.first("source")?.attribute("path")
        else { return nil }
        return "its \(element.name) port is \(path) of its host: the target must have that path"
    }
}
