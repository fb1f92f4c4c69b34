internal import CLibvirt
package import ClusterModel
import HypervisorInterface

/// Measures dirty rates on one real host, over its own connection.
///
/// libvirt's call waits behind any job on the domain, a migration's above all, and gives up after
/// half a minute: so it is not made when one is seen, and nobody else shares the connection.
package final class LibvirtDirtyRateProbe: DirtyRateProbe {
    package let host: HostName
    private let lane: ConnectionLane
    private let options: LibvirtOptions
    /// VIR_DOMAIN_DIRTYRATE_MEASURED.
    private static let measured: Int64 = 2
    private static let pollMilliseconds = 200
    private static let polls = 20

    package init(host: HostName, uri: String, options: LibvirtOptions = LibvirtOptions()) {
        self.host = host
        self.options = options
        lane = ConnectionLane(host: host, uri: uri)
    }

    package func writeRate(of domain: DomainID, seconds: Int) async throws -> Bytes? {
        let id = domain.rawValue
        let hasBegun = try await lane.call(
            "measure dirty rate", domain: domain, limit: options.controlLimit
        ) {
            try Self.begin($0, id, seconds: seconds)
        }
        guard hasBegun else { return nil }
        try await Task.sleep(for: .seconds(seconds))
        for _ in 0..<Self.polls {
            try await Task.sleep(for: .milliseconds(Self.pollMilliseconds))
            let values = try await lane.call(
                "read dirty rate", domain: domain, limit: options.lookLimit
            ) {
                try $0.domainStatistics(VIR_DOMAIN_STATS_DIRTYRATE.rawValue)
                    .first { $0.uuid == id }?.parameters
            }
            // Gone, shut down or under a migration by now.
            guard let values, let status = values.integer("dirtyrate.calc_status") else {
                return nil
            }
            if status == Self.measured {
                return .plausible(
                    values.integer("dirtyrate.megabytes_per_second"), unit: 1 << 20)
            }
        }
        return nil
    }

    private static func begin(
        _ connection: ConnectionHandle, _ id: String, seconds: Int
    ) throws(LibvirtFailure) -> Bool {
        do {
            let handle = try connection.domain(id)
            // The collector's samples are due at the same times as its measurements.
            guard try handle.isActive(), try handle.monitorTrouble()?.isPassing ?? true,
                try handle.job() == nil
            else { return false }
            try checked(
                handle.use {
                    virDomainStartDirtyRateCalc(
                        $0, Int32(seconds), VIR_DOMAIN_DIRTYRATE_MODE_PAGE_SAMPLING.rawValue)
                })
            return true
        } catch  where error.meansNoJob {
            return false
        }
    }
}
