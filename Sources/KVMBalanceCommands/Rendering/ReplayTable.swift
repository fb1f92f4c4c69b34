import ClusterModel
import History
import Operations

/// What policies came to on one history, side by side.
enum ReplayTable {
    static func text(_ reports: [ReplayReport]) -> String {
        var table = Table(
            "policy", ">overload min", ">hot min", ">domain min", ">CPU lacked", ">moves",
            ">most", ">moved", ">downtime", ">hosts", ">kWh")
        for report in reports {
            table.add(
                report.policy, Format.decimal(report.overloadMinutes, 1),
                Format.decimal(report.hotMinutes, 1),
                Format.decimal(report.domainOverloadMinutes, 1),
                Format.decimal(100 * report.lackedShare, 3) + " %", "\(report.moves)",
                "\(report.mostMovesOfADomain)", "\(Bytes(report.transferredBytes))",
                Format.decimal(report.downtimeSeconds, 1) + " s",
                Format.decimal(report.meanHosts, 1),
                report.kilowattHours.map { Format.decimal($0, 1) } ?? "-")
        }
        return table.text
    }
}
