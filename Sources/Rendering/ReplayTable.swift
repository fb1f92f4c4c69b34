import ClusterModel
package import History
import Operations

/// What policies came to on one history, side by side.
package enum ReplayTable {
    /// A figure of each policy, as tables and pages show it.
    package struct Figure: Sendable {
        package var title: String
        package var page: String
        package var value: @Sendable (ReplayReport) -> Double
    }

    /// Figures of bad days, which are shown where one of the policies has any: minutes that domains
    /// were down with a lost host, and that hosts had more memory promised than they have.
    package static let rare = [
        Figure(title: ">outage min", page: "outage, domain minutes", value: { $0.outageMinutes }),
        Figure(
            title: ">memory over", page: "memory overload, host minutes",
            value: { $0.memoryOverloadMinutes }),
    ]

    package static func rare(of reports: [ReplayReport]) -> [Figure] {
        rare.filter { figure in reports.contains { figure.value($0) > 0 } }
    }

    package static func text(_ reports: [ReplayReport]) -> String {
        let rare = self.rare(of: reports)
        var table = Table(
            columns: [
                "policy", ">overload min", ">hot min", ">domain min", ">CPU lacked", ">moves",
            ]
                + [">most", ">moved", ">downtime", ">hosts", ">kWh"] + rare.map(\.title))
        for report in reports {
            let usual: [String] = [
                report.policy, Format.decimal(report.overloadMinutes, 1),
                Format.decimal(report.hotMinutes, 1),
                Format.decimal(report.domainOverloadMinutes, 1),
                Format.decimal(100 * report.lackedShare, 3) + " %", "\(report.moves)",
                "\(report.mostMovesOfADomain)", "\(Bytes(report.transferredBytes))",
                Format.decimal(report.downtimeSeconds, 1) + " s",
                Format.decimal(report.meanHosts, 1),
                report.kilowattHours.map { Format.decimal($0, 1) } ?? "-",
            ]
            table.add(usual + rare.map { Format.decimal($0.value(report), 1) })
        }
        return table.text
    }
}
