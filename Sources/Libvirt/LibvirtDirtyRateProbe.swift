internal import CLibvirt
package import ClusterModel
import HypervisorInterface

/// Measures dirty rates on one real host, over the connection that reads inventories: one more for
/// each host would be for a call every few minutes.
///
/// libvirt's call waits behind any job on the domain, a migration's above all, and gives up after
/// half a minute: so it is not made when one is seen, and an inventory has longer than that.
package struct LibvirtDirtyRateProbe: DirtyRateProbe {
    private let inspected: LibvirtHost
    /// VIR_DOMAIN_DIRTYRATE_MEASURED.
    private static let measured: Int64 = 2
    private static let pollMilliseconds = 200
    private static let polls = 20

    package init(of host: LibvirtHost) { inspected = host }

    package var host: HostName { inspected.host }

    package func writeRate(of domain: DomainID, seconds: Int) async throws -> Bytes? {
        let id = domain.rawValue
        let (lane, options) = (inspected.inspection, inspected.options)
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
            guard try handle.isActive(), try handle.monitorTrouble() == nil,
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
