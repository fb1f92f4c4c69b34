import ClusterModel
import Foundation
package import PlacementPolicy

/// The fleet file of a command, and whether what it asks for may be done for whoever wrote it.
///
/// A fleet file decides where this program connects, as whom, and can even name programs to be run.
/// So one that merely lies in the current folder must be the caller's own, and one that names
/// programs must be root's, wherever it lies.
package struct FleetFile {
    package let path: String
    package let fleet: Fleet

    package static let here = "kvmbalance.yaml"
    package static let installed = "/etc/kvmbalance/kvmbalance.yaml"

    /// The file of this name, else the current folder's, else the installed one.
    /// `libvirt` is the file of libvirt's client that may have aliases for the hosts' URIs.
    package static func read(
        _ given: String?, libvirt: String = FleetFile.ofLibvirt
    ) throws -> FleetFile {
        let path = try given ?? found()
        let (text, trust) = try TextFile.readJudging(path)
        if given == nil, path == here, let doubt = trust.doubt(trusting: [0, geteuid()]) {
            throw CommandError(
                "\(path) is not read from this folder: \(doubt.reason), and it decides where "
                    + "kvmbalance connects and what it executes. If it is yours: \(doubt.remedy). "
                    + "To use it as it is: --config \(path)")
        }
        let known = try? TextFile.readJudging(libvirt)
        let place = "\(libvirt) (uri_aliases)"
        let aliases = LibvirtAliases(known?.text ?? "", place: place)
        let fleet: Fleet
        do {
            fleet = try FleetReader.read(text, aliases: aliases)
        } catch {
            throw CommandError("\(path): \(error)")
        }
        try refuse(fleet, path, trust, LibvirtURI.privileged(in:), [0], "root alone")
        try refuse(
            fleet, path, trust, LibvirtURI.personal(in:), [0, geteuid()], "you or root alone")
        if let trust = known?.trust {
            // Who gave a URI has said what is in it, in whichever file.
            var aliased = fleet
            let uris = Set(aliases.uris.values)
            aliased.hosts.removeAll { !uris.contains($0.uri) }
            try refuse(aliased, libvirt, trust, LibvirtURI.privileged(in:), [0], "root alone")
            try refuse(
                aliased, libvirt, trust, LibvirtURI.personal(in:), [0, geteuid()],
                "you or root alone")
        }
        if given == nil { try refuseForeignPolicy(fleet, path) }
        return FleetFile(path: path, fleet: fleet)
    }

    /// Root's, or that of whoever runs this (`virConfLoadConfigPath` of libvirt's `virconf.c`).
    package static var ofLibvirt: String {
        guard geteuid() != 0 else { return "/etc/libvirt/libvirt.conf" }
        let environment = ProcessInfo.processInfo.environment
        let folder =
            environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 }
            ?? "\(environment["HOME"] ?? "")/.config"
        return "\(folder)/libvirt/libvirt.conf"
    }

    private static func found() throws -> String {
        if let found = [here, installed].first(where: { FileManager.default.fileExists(atPath: $0) }
        ) {
            return found
        }
        throw CommandError(
            "no fleet file: 'kvmbalance init HOST...' writes one for your hosts; or name one with "
                + "--config")
    }

    /// To a place where nothing is, or that may be written over. The services read it as their own
    /// user: there is no secret in it.
    package static func write(_ text: String, to path: String) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw CommandError("\(folder.path) cannot be made: \(error.reason)", exit: .failed)
        }
        try TextFile.write(text, to: path)
        chmod(path, 0o644)
    }

    /// Refuses what only some may ask for, in a file that others can change.
    private static func refuse(
        _ fleet: Fleet, _ path: String, _ trust: FileTrust,
        _ found: (String) -> [LibvirtURI.Privileged], _ users: Set<uid_t>, _ whose: String
    ) throws {
        for host in fleet.hosts {
            for (key, uri) in [("uri", host.uri), ("peerURI", host.peerURI ?? "")] {
                guard let parameter = found(uri).first, let doubt = trust.doubt(trusting: users)
                else { continue }
                throw CommandError(
                    "\(path): host '\(host.name)': its \(key) has '\(parameter.name)=', which "
                        + "\(parameter.effect.rawValue): that is accepted only from files that "
                        + "\(whose) can change, and \(doubt.reason). As root: \(doubt.remedy); "
                        + "or remove '\(parameter.name)'")
            }
        }
    }

    /// A policy decides which guests may be shut down, and whether memory is encrypted: the one
    /// that a file names which nobody has named is judged like that file.
    private static func refuseForeignPolicy(_ fleet: Fleet, _ path: String) throws {
        guard let name = fleet.policy else { return }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        let policy = URL(fileURLWithPath: name, relativeTo: folder).path
        // One that cannot be read is an error of the commands that need it.
        guard let trust = try? TextFile.readJudging(policy).trust,
            let doubt = trust.doubt(trusting: [0, geteuid()])
        else { return }
        throw CommandError(
            "\(path): its policy \(policy) is not used: \(doubt.reason), and it decides how guests "
                + "are migrated. If it is yours: \(doubt.remedy). To use it as it is: --config "
                + "\(path)")
    }
}
