import ClusterModel
package import History
import Operations
package import Replay

/// The back-test for programs.
package struct BacktestDocument: Encodable {
    package var from: String
    package var to: String
    package var hosts: Int
    package var domains: Int
    package var runs: [ReplayReport]

    package init(of world: ReplayWorld, _ runs: [ReplayReport]) {
        from = "\(world.history.start)"
        to = "\(world.history.end)"
        hosts = world.base.hosts.count
        domains = world.base.domains.count
        self.runs = runs
    }
}

/// The back-test as one page without anything from elsewhere: a table, and for each policy the load
/// of every host over time, with the moves marked. The policies stand side by side.
package struct BacktestPage {
    private let document: BacktestDocument
    private let world: ReplayWorld

    /// Pixels of a plot, and how many moments it shows at most: the highest of each stretch.
    private static let width = 460
    private static let rowHeight = 26
    private static let mostPoints = 230

    package init(_ document: BacktestDocument, _ world: ReplayWorld) {
        self.document = document
        self.world = world
    }

    package var text: String {
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><title>kvmbalance backtest</title><style>
        body{font:14px system-ui,sans-serif;margin:2em;color:#1c2330}
        table{border-collapse:collapse;margin-bottom:2em}td,th{padding:.3em .8em;text-align:right;
        border-bottom:1px solid #ccd}td:first-child,th:first-child{text-align:left}
        .runs{display:flex;flex-wrap:wrap;gap:2em}svg text{font:10px system-ui,sans-serif}
        </style></head><body>
        <h1>What each policy would have done</h1>
        <p>\(Self.escaped(document.from)) to \(Self.escaped(document.to)), \(document.domains) domains
        on \(document.hosts) hosts. Demand is as recorded; migrations take the planner's
        estimates and count on both hosts while they run.</p>
        \(table)
        <p>Each line is a host: its CPU from 0 to 120 %, the dashed line is its capacity. Red is demand
        above that. A triangle up is a domain that arrived, a triangle down one that left.</p>
        <div class="runs">
        \(document.runs.map(plot).joined(separator: "\n"))
        </div></body></html>

        """
    }

    private var table: String {
        let rare = ReplayTable.rare(of: document.runs)
        let titles =
            [
                "policy", "overload, host minutes", "above 90 %, host minutes",
                "overload, domain minutes", "CPU lacked, %", "moves", "most of a domain",
                "moved, GiB",
                "downtime, s", "hosts", "kWh",
            ] + rare.map(\.page)
        let rows = document.runs.map { run -> [String] in
            [
                run.policy, Format.decimal(run.overloadMinutes, 1),
                Format.decimal(run.hotMinutes, 1), Format.decimal(run.domainOverloadMinutes, 1),
                Format.decimal(100 * run.lackedShare, 3), "\(run.moves)",
                "\(run.mostMovesOfADomain)",
                Format.decimal(Double(run.transferredBytes) / 1_073_741_824, 1),
                Format.decimal(run.downtimeSeconds, 1), Format.decimal(run.meanHosts, 1),
                run.kilowattHours.map { Format.decimal($0, 1) } ?? "–",
            ] + rare.map { Format.decimal($0.value(run), 1) }
        }
        func row(_ cells: [String], _ tag: String) -> String {
            "<tr>" + cells.map { "<\(tag)>\(Self.escaped($0))</\(tag)>" }.joined() + "</tr>"
        }
        return "<table>" + row(titles, "th") + rows.map { row($0, "td") }.joined() + "</table>"
    }

    private func plot(_ run: ReplayReport) -> String {
        let hosts = world.base.hosts.map(\.name)
        let height = hosts.count * Self.rowHeight + 20
        let lines = hosts.indices.map { line(run, $0) }.joined()
        return """
            <section><h2>\(Self.escaped(run.policy))</h2>
            <svg width="\(Self.width + 110)" height="\(height)" role="img" \
            aria-label="load of hosts under \(Self.escaped(run.policy))">\(lines)</svg></section>
            """
    }

    private func line(_ run: ReplayReport, _ host: Int) -> String {
        let name = world.base.hosts[host].name
        let bottom = (host + 1) * Self.rowHeight
        let room = Double(Self.rowHeight - 6)
        func y(_ permille: Int32) -> Double {
            Double(bottom) - min(1200, Double(permille)) / 1200 * room
        }
        let loads = run.loads[host]
        let stretch = max(1, (loads.count + Self.mostPoints - 1) / Self.mostPoints)
        var points: [String] = []
        var over: [String] = []
        for begin in stride(from: 0, to: loads.count, by: stretch) {
            let load = loads[begin..<min(loads.count, begin + stretch)].max() ?? 0
            let x = 100 + Double(begin) / Double(max(1, loads.count)) * Double(Self.width)
            points.append("\(Format.decimal(x, 1)),\(Format.decimal(y(load), 1))")
            if load > 1000 {
                over.append(
                    "<rect x='\(Format.decimal(x, 1))' y='\(Format.decimal(y(load), 1))' width='2' "
                        + "height='\(Format.decimal(y(1000) - y(load) + 1, 1))' fill='#c22'/>")
            }
        }
        let full = Format.decimal(y(1000), 1)
        return "<text x='0' y='\(bottom - 6)'>\(Self.escaped(name.rawValue))</text>"
            + "<line x1='100' x2='\(100 + Self.width)' y1='\(full)' y2='\(full)' stroke='#aab' "
            + "stroke-dasharray='2 3'/><polyline fill='none' stroke='#2460a8' points='"
            + points.joined(separator: " ") + "'/>" + over.joined() + marks(run, name, bottom)
    }

    private func marks(_ run: ReplayReport, _ host: HostName, _ bottom: Int) -> String {
        let length = Double(max(1, world.history.end.millisecondsSince(world.history.start)))
        return run.track.filter { $0.source == host || $0.target == host }.map { move in
            let share = Double(move.start.millisecondsSince(world.history.start)) / length
            let x = 100 + share * Double(Self.width)
            let isComing = move.target == host
            let (tip, base) = isComing ? (bottom - 7, bottom) : (bottom, bottom - 7)
            let corners =
                "\(Format.decimal(x, 1)),\(tip) \(Format.decimal(x - 3, 1)),\(base) "
                + "\(Format.decimal(x + 3, 1)),\(base)"
            return "<polygon points='\(corners)' fill='\(isComing ? "#2a7" : "#e80")'><title>"
                + Self.escaped("\(move.start) \(move.domain) \(move.source) → \(move.target)")
                + "</title></polygon>"
        }.joined()
    }

    private static func escaped(_ text: String) -> String {
        Format.oneLine(text).replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
            .replacing("'", with: "&#39;")
    }
}
