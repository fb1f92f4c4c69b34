import ClusterModel
import HypervisorInterface
import PlacementPolicy

/// What one host's own facts say, held against the others'.
extension FitnessCheck {
    func ownFindings(_ inventory: HostInventory) -> [Finding] {
        [
            versions(inventory), machineTypes(inventory), security(inventory), memory(inventory),
        ] + hugePages(inventory) + caching(inventory) + sharing(inventory)
    }

    /// A guest goes to an older QEMU only with luck.
    private func versions(_ inventory: HostInventory) -> Finding {
        let own = inventory.facts
        let older = others.filter {
            ($0.facts.hypervisorVersion ?? 0) < (own.hypervisorVersion ?? 0)
                || $0.facts.libvirtVersion < own.libvirtVersion
        }
        guard !older.isEmpty else {
            return Finding(item: "versions", grade: .ok, detail: "no other host has older versions")
        }
        return Finding(
            item: "versions", grade: .warning,
            detail: "\(names(older)) has an older libvirt or QEMU: guests that were started here "
                + "may not be able to move there",
            remedy: "update the older hosts first, or send guests only towards the newer ones")
    }

    private func machineTypes(_ inventory: HostInventory) -> Finding {
        let lacking = others.filter { $0.host != inventory.host }.compactMap {
            other -> String? in
            let used = Set(
                inventory.domains.filter(\.state.isActive).compactMap(\.guest.machineType))
            let known = Set(other.facts.guestSupport.flatMap(\.machineTypes))
            let missing = used.subtracting(known).sorted()
            return missing.isEmpty ? nil : "\(other.host) lacks \(missing.joined(separator: ", "))"
        }
        guard !lacking.isEmpty else {
            return Finding(
                item: "machine types", grade: .ok,
                detail: "every host has those of the guests here")
        }
        return Finding(
            item: "machine types", grade: .warning, detail: lacking.joined(separator: "; "),
            remedy: "bring QEMU there to the version here, or give the guests an older type")
    }

    private func security(_ inventory: HostInventory) -> Finding {
        let own = inventory.facts.securityModel
        let different = others.filter { $0.facts.securityModel != own }
        guard !different.isEmpty else {
            return Finding(
                item: "security model", grade: .ok, detail: own ?? "none, as on the others")
        }
        return Finding(
            item: "security model", grade: .failure,
            detail: "\(own ?? "none") here, another on \(names(different)): libvirt refuses "
                + "migrations between them",
            remedy: "set the same security_driver in /etc/libvirt/qemu.conf on all hosts")
    }

    private func memory(_ inventory: HostInventory) -> Finding {
        let cells = inventory.facts.cells.map { cell in
            "cell \(cell.id): \(cell.free.map(\.description) ?? "?") free of \(cell.memory)"
        }
        return Finding(
            item: "memory", grade: .ok,
            detail: "\(inventory.facts.memory) in all"
                + (cells.isEmpty
                    ? "" : "; \(cells.joined(separator: ", ")) (page cache counts as used)"))
    }

    private func hugePages(_ inventory: HostInventory) -> [Finding] {
        let pools = inventory.facts.cells.flatMap { cell in
            cell.hugePages.filter { $0.isHuge && $0.total > 0 }.map {
                "cell \(cell.id): \($0.free) of \($0.total) × \($0.pageSize) free"
            }
        }
        let wanted = others.flatMap(\.domains).filter { $0.state.isActive && $0.hugePages != nil }
        if !pools.isEmpty {
            return [
                Finding(item: "huge pages", grade: .ok, detail: pools.joined(separator: ", "))
            ]
        }
        guard !wanted.isEmpty else { return [] }
        return [
            Finding(
                item: "huge pages", grade: .warning,
                detail: "none here, and \(Format.plural(wanted.count, "guest")) of the fleet "
                    + "(\(wanted.prefix(3).map(\.name).joined(separator: ", "))) can only run on "
                    + "them",
                remedy: "reserve some (virsh allocpages, or vm.nr_hugepages)")
        ]
    }

    /// libvirt up to 5.x, and QEMU without drop-cache, refuse what newer ones take.
    private func caching(_ inventory: HostInventory) -> [Finding] {
        let cached = inventory.domains.filter { domain in
            domain.state.isActive
                && domain.disks.contains { disk in
                    !disk.isReadOnly && disk.source != .none
                        && !["none", "directsync"].contains(disk.cache ?? "")
                }
        }
        guard !cached.isEmpty else { return [] }
        let list = cached.prefix(3).map(\.name).joined(separator: ", ")
        return [
            Finding(
                item: "cache modes", grade: .ok,
                detail:
                    "\(Format.plural(cached.count, "guest")) with disks in the host's page cache "
                    + "(\(list)…): this libvirt and QEMU drop it at the switch-over; before "
                    + "libvirt 5.6 with QEMU 2.11 such a migration is refused as unsafe")
        ]
    }

    /// Shared pages become many when guests part.
    private func sharing(_ inventory: HostInventory) -> [Finding] {
        guard let ksm = inventory.facts.ksm, ksm.pagesSharing > 0 else { return [] }
        let saved = ksm.saved
        return [
            Finding(
                item: "KSM", grade: saved > .gibibytes(1) ? .warning : .ok,
                detail: "same-page merging saves \(saved) here: guests that leave need it again "
                    + "where they go",
                remedy: saved > .gibibytes(1)
                    ? "keep this amount free on the targets, or switch KSM off before a drain" : nil
            )
        ]
    }
}
