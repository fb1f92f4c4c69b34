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

    private static let here = "kvmbalance.yaml"
    private static let installed = "/etc/kvmbalance/kvmbalance.yaml"

    /// The file of this name, else the current folder's, else the installed one.
    package static func read(_ given: String?) throws -> FleetFile {
        let path = try given ?? found()
        let (text, trust) = try TextFile.readJudging(path)
        if given == nil, path == here, let doubt = trust.doubt(trusting: [0, geteuid()]) {
            throw CommandError(
                "\(path) is not read from this folder: \(doubt.reason), and it decides where "
                    + "kvmbalance connects and what it executes. If it is yours: \(doubt.remedy). "
                    + "To use it as it is: --config \(path)")
        }
        let fleet: Fleet
        do {
            fleet = try FleetReader.read(text)
        } catch {
            throw CommandError("\(path): \(error)")
        }
        try refusePrivileged(fleet, path, trust)
        return FleetFile(path: path, fleet: fleet)
    }

    private static func found() throws -> String {
        if let found = [here, installed].first(where: { FileManager.default.fileExists(atPath: $0) }
        ) {
            return found
        }
        throw CommandError(
            "no fleet file: write ./\(here) or \(installed) (the README shows one), or name one "
                + "with --config")
    }

    private static func refusePrivileged(_ fleet: Fleet, _ path: String, _ trust: FileTrust) throws
    {
        for host in fleet.hosts {
            for (key, uri) in [("uri", host.uri), ("peerURI", host.peerURI ?? "")] {
                guard let parameter = LibvirtURI.privileged(in: uri).first,
                    let doubt = trust.doubt(trusting: [0])
                else { continue }
                throw CommandError(
                    "\(path): host '\(host.name)': its \(key) has '\(parameter.name)=', which "
                        + "\(parameter.effect.rawValue): that is accepted only from files that "
                        + "root alone can change, and \(doubt.reason). As root: \(doubt.remedy); "
                        + "or remove '\(parameter.name)'")
            }
        }
    }
}
