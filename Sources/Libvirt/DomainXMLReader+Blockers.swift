import ClusterModel

extension DomainXMLReader {
    /// What in the XML forbids a live migration wherever it would go.
    ///
    /// Source: qemuMigrationSrcIsAllowed and QEMU's own migration blockers, with two that are
    /// stricter: a USB host device (libvirt moves the guest and the device is gone) and every VFIO
    /// device (a few can migrate, and only to their like).
    static func blockers(of root: MarkupElement, name: String) -> [Blocker] {
        let devices = root.first("devices")
        var found: [Blocker] = []
        func block(_ reason: Blocker.Reason, _ detail: String, _ remedy: String) {
            found.append(Blocker(domain: name, reason: reason, detail: detail, remedy: remedy))
        }
        for element in devices?.children ?? [] where element.namespace == nil {
            guard let (reason, detail, remedy) = blocker(of: element) else { continue }
            block(reason, detail, remedy)
            if reason == .blockJob {
                found[found.count - 1].job = element.first("mirror").flatMap(mirroring)
            }
        }
        if let type = root.first("launchSecurity")?.attribute("type") {
            block(
                .security, "its memory is encrypted for this host's CPU (\(type))",
                "shut it down for the time, or let it be moved cold (--offline --offline-domains "
                    + "\(name))"
            )
        }
        if hasUnfixedTSC(root) {
            block(
                .cpuModel, "its CPU has invtsc and no TSC frequency is given",
                "add <timer name='tsc' frequency='…'/> to <clock>, or drop invtsc, at its next "
                    + "start; or let it be moved cold (--offline --offline-domains \(name))")
        }
        if root.first("features", "hyperv")?.attribute("mode") == "passthrough" {
            block(
                .cpuModel, "its Hyper-V features are its host's own (<hyperv mode='passthrough'>)",
                "list the features it needs (<hyperv mode='custom'>), and restart the guest")
        }
        return found
    }

    /// The job of a disk that is being copied. One that is through (`ready='yes'`) stays so until
    /// somebody ends it; one that is being ended (`abort`, `pivot`) is gone in a moment.
    private static func mirroring(_ mirror: MarkupElement) -> PassingJob? {
        switch (mirror.attribute("job"), mirror.attribute("ready")) {
        case (_, "yes"): nil
        case ("active-commit", _): PassingJob(.blockCommit)
        default: PassingJob(.blockCopy)
        }
    }

    private typealias Finding = (Blocker.Reason, detail: String, remedy: String)

    private static func blocker(of element: MarkupElement) -> Finding? {
        switch element.name {
        case "hostdev": return hostDevice(element)
        case "interface": return networkCard(element)
        case "disk": return disk(element)
        case "filesystem":
            let target = element.first("target")?.attribute("dir") ?? "?"
            let directory = element.first("source")?.attribute("dir") ?? "?"
            return (
                .sharedFilesystem, "directory \(directory) of its host is shared as '\(target)'",
                "detach the filesystem and use network storage in the guest"
            )
        case "shmem": return sharedMemory(element)
        case "tpm": return tpm(element)
        case "memory": return memoryDevice(element)
        case "input":
            guard ["passthrough", "evdev"].contains(element.attribute("type")) else { return nil }
            return (
                .hostDevice, "an input device of its host is passed through",
                "detach the input device"
            )
        case "video":
            guard element.first("model", "acceleration")?.attribute("accel3d") == "yes" else {
                return nil
            }
            return (
                .other, "its video card has 3D acceleration, whose state stays on its host",
                "set accel3d='no' and restart the guest"
            )
        default: return nil
        }
    }

    private static func hostDevice(_ element: MarkupElement) -> Finding {
        let type = element.attribute("type") ?? element.attribute("mode") ?? "unknown"
        return (
            .hostDevice, "\(type) device \(deviceAddress(element)) of its host is passed through",
            "detach it (virsh detach-device), or shut the guest down for the time; a cold move "
                + "leaves it behind: define the guest by hand on another host, with a device of it"
        )
    }

    /// `0000:3b:00.0`, `1234:5678`, or an mdev's UUID: whatever the XML has.
    private static func deviceAddress(_ element: MarkupElement) -> String {
        guard let source = element.first("source") else { return "?" }
        if let vendor = source.first("vendor")?.attribute("id"),
            let product = source.first("product")?.attribute("id")
        {
            return "\(vendor):\(product)"
        }
        guard let address = source.first("address") else {
            return source.first("adapter")?.attribute("name") ?? source.attribute("dev") ?? "?"
        }
        let keys = ["uuid", "domain", "bus", "slot", "function", "device"]
        return keys.compactMap { address.attribute($0) }.joined(separator: ":")
    }

    private static func networkCard(_ element: MarkupElement) -> Finding? {
        let mac = element.first("mac")?.attribute("address") ?? "?"
        switch element.attribute("type") {
        case "hostdev":
            // libvirt unplugs the transient half of a team before it migrates, by itself.
            guard element.first("teaming")?.attribute("type") != "transient" else { return nil }
            return (
                .hostDevice, "network card \(mac) is a device of its host (SR-IOV)",
                "detach it (virsh detach-interface), or pair it with a virtio card (<teaming>); a "
                    + "cold move leaves it behind"
            )
        case "vdpa":
            return (
                .vdpa, "network card \(mac) is a vDPA device of its host",
                "detach it, or replace it with virtio"
            )
        default: return nil
        }
    }

    private static func disk(_ element: MarkupElement) -> Finding? {
        let target = element.first("target")?.attribute("dev") ?? "?"
        if element.has("transient") {
            return (
                .transientDisk,
                "disk \(target) is transient: its changes are in a file that is "
                    + "thrown away",
                "shut the guest down for the time, or make the disk ordinary (virsh edit, without "
                    + "<transient/>) at its next start"
            )
        }
        if let mirror = element.first("mirror") {
            return (
                .blockJob, "disk \(target) is being copied (\(mirror.attribute("job") ?? "copy"))",
                "wait for the job, or end it with virsh blockjob --abort or --pivot"
            )
        }
        if element.attribute("type") == "vhostvdpa" {
            return (
                .vdpa, "disk \(target) is a vDPA device of its host",
                "detach it, or put it on shared storage"
            )
        }
        return nil
    }

    private static func sharedMemory(_ element: MarkupElement) -> Finding? {
        let role = element.attribute("role") ?? "peer"
        let model = element.first("model")?.attribute("type") ?? "ivshmem"
        guard role != "master" || model == "ivshmem" else { return nil }
        return (
            .sharedMemory,
            "shared memory '\(element.attribute("name") ?? "?")' (model \(model), "
                + "role \(role)) is shared with other guests of its host",
            "detach it, or let the guest be moved cold (--offline): only role='master' of a newer "
                + "model migrates live"
        )
    }

    /// An emulated TPM that libvirt runs itself is no blocker: its state goes with the migration.
    private static func tpm(_ element: MarkupElement) -> Finding? {
        guard let backend = element.first("backend")?.attribute("type"),
            ["passthrough", "external"].contains(backend)
        else { return nil }
        return (
            .tpm, "its TPM is not managed by libvirt (backend \(backend))",
            "use <backend type='emulator'>"
        )
    }

    private static func memoryDevice(_ element: MarkupElement) -> Finding? {
        guard let model = element.attribute("model"),
            ["nvdimm", "virtio-pmem", "sgx-epc"].contains(model)
        else { return nil }
        let path = element.first("source", "path")?.trimmedText ?? "a device of its host"
        return (
            model == "sgx-epc" ? .security : .localStorage,
            "memory device \(model) lies on \(path)",
            model == "sgx-epc"
                ? "let the guest be moved cold (--offline), or take the device out of its "
                    + "definition (virsh edit) at its next start"
                : "take it out of its definition (virsh edit) at its next start, or shut the guest "
                    + "down for the time; a cold move leaves its content behind"
        )
    }

    private static func hasUnfixedTSC(_ root: MarkupElement) -> Bool {
        let features = root.first("cpu")?.all("feature") ?? []
        let wantsIt = features.contains {
            $0.attributes["name"] == "invtsc"
                && ["require", "force"].contains($0.attributes["policy"] ?? "require")
        }
        return wantsIt && !hasFixedTSC(root)
    }

    static func hasFixedTSC(_ root: MarkupElement) -> Bool {
        (root.first("clock")?.all("timer") ?? []).contains {
            $0.attributes["name"] == "tsc" && $0.attribute("frequency") != nil
        }
    }
}
