import ClusterModel
import PlacementPolicy

/// What the hosts' shells told that libvirt does not: lock managers, certificates, daemons.
extension FitnessCheck {
    /// libvirt refuses a migration between hosts whose lock managers differ
    /// (`qemuMigrationCookieXMLParse`: "Source host lock driver … different from target …").
    func locks(_ host: HostName, _ probes: FitnessProbes) -> [Finding] {
        guard let shell = probes.shells[host], shell.silence == nil else { return [] }
        let name = { (shell: ShellFacts) in shell.lockManager ?? "none" }
        let different = probes.shells.filter { other, facts in
            other != host && facts.silence == nil && name(facts) != name(shell)
        }
        if !different.isEmpty {
            let others = Dictionary(grouping: different.keys) { different[$0].map(name) ?? "none" }
                .sorted { $0.key < $1.key }
                .map { "\($0.key) on \(list($0.value.sorted()))" }
            return [
                Finding(
                    item: "disk locks", grade: .failure,
                    detail: "\(name(shell)) here, \(others.joined(separator: ", ")): libvirt "
                        + "refuses migrations between them",
                    remedy: "set the same lock_manager in /etc/libvirt/qemu.conf on all hosts, and "
                        + "restart libvirtd or virtqemud")
            ]
        }
        return [
            Finding(
                item: "disk locks", grade: .ok,
                detail: shell.lockManager
                    ?? "no lock manager: libvirt will not stop a guest from starting on two hosts")
        ]
    }

    /// For `--tls`: QEMU's own, not libvirtd's. The certificate must have the name that migrations
    /// to this host check.
    func certificates(_ host: HostName, _ shell: ShellFacts?) -> [Finding] {
        guard let shell, shell.silence == nil else { return [] }
        let needed = ["ca-cert.pem", "server-cert.pem", "server-key.pem"]
        let missing = needed.filter { !shell.certificates.contains($0) }
        guard missing.isEmpty else {
            return [
                Finding(
                    item: "TLS", grade: .ok,
                    detail: "no \(missing.joined(separator: ", ")) in /etc/pki/qemu: --tls will "
                        + "not work")
            ]
        }
        let wanted = fleet.hosts.first { $0.name == host }?.certifiedName ?? host.rawValue
        let names = shell.certifiedNames
        guard !names.isEmpty, !names.contains(where: { Self.covers($0, wanted) }) else {
            return [
                Finding(
                    item: "TLS", grade: .ok,
                    detail: "certificates for encrypted migrations are in /etc/pki/qemu"
                        + (names.isEmpty ? "" : ", for \(wanted)"))
            ]
        }
        return [
            Finding(
                item: "TLS", grade: .warning,
                detail: "the certificate in /etc/pki/qemu is for \(names.joined(separator: ", ")), "
                    + "and migrations to this host check \(wanted): --tls will not work",
                remedy: "give the name in it as 'tlsName: \(names[0])' of \(host) in the fleet "
                    + "file, or issue a certificate for \(wanted)")
        ]
    }

    /// A name of a certificate may begin with `*.`, for one label.
    private static func covers(_ name: String, _ wanted: String) -> Bool {
        if let own = NetworkAddress(name) { return own == NetworkAddress(wanted) }
        guard name.hasPrefix("*."), let dot = wanted.firstIndex(of: ".") else { return false }
        return wanted[dot...].lowercased() == name.dropFirst().lowercased()
    }

    /// Which daemon serves, and whether it takes what a drain asks of it: a connection of each host
    /// that sends here, three of this machine, and a worker for each migration that leaves.
    func daemon(_ shell: ShellFacts?) -> [Finding] {
        guard let shell, shell.silence == nil, !shell.daemons.isEmpty else { return [] }
        let serving = shell.daemons.joined(separator: ", ")
        let limits = shell.limits
        guard let most = limits["nclients_max"], let now = limits["nclients"] else {
            return [
                Finding(
                    item: "daemon", grade: .ok,
                    detail: "\(serving); its limits could not be read (virt-admin)")
            ]
        }
        let workers = limits["maxWorkers"]
        let detail =
            "\(serving): \(now) of \(most) connections"
            + (workers.map { ", up to \($0) workers" } ?? "")
        let needed = fleet.hosts.count + 3
        let isTight = most - now < needed || (workers.map { $0 < Self.fewWorkers } ?? false)
        return [
            Finding(
                item: "daemon", grade: isTight ? .warning : .ok, detail: detail,
                remedy: isTight
                    ? "raise max_clients (by \(needed)) and max_workers (to \(Self.fewWorkers) or "
                        + "more) in /etc/libvirt/\(shell.daemons[0]).conf, and restart it"
                    : nil)
        ]
    }

    /// libvirtd begins with five workers, and may have twenty.
    private static let fewWorkers = 5
}
