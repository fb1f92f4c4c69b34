import Foundation

/// A line chart as SVG, written by hand: axes with round numbers, lines with points, a legend.
struct LineChart {
    /// One line of the chart.
    struct Series {
        var name: String
        var points: [(x: Double, y: Double)]
        var isDashed = false
    }

    var title: String
    var xLabel: String
    var yLabel: String
    /// Both axes by powers of ten.
    var isLogarithmic = false
    var series: [Series]

    private static let colors = ["#1f5fa8", "#c0392b", "#2e8b57", "#8e44ad", "#b8860b", "#555555"]
    private static let (width, height) = (820.0, 480.0)
    private static let (left, right, top, bottom) = (70.0, 24.0, 44.0, 56.0)

    func write(to path: String) throws {
        try Data(svg.utf8).write(to: URL(fileURLWithPath: path))
    }

    var svg: String {
        let (xs, ys) = (range(\.x), range(\.y))
        var lines = [
            #"<svg xmlns="http://www.w3.org/2000/svg" width="820" height="480" "#
                + #"viewBox="0 0 820 480" font-family="sans-serif" font-size="12">"#,
            #"<rect width="820" height="480" fill="white"/>"#,
            text(Self.left, 24, title, size: 15),
            text(Self.width / 2, Self.height - 14, xLabel, anchor: "middle"),
            #"<g transform="translate(16 \#(number(Self.height / 2))) rotate(-90)">"#
                + text(0, 0, yLabel, anchor: "middle") + "</g>",
        ]
        for tick in ticks(xs) {
            let x = place(tick, xs, Self.left, Self.width - Self.right)
            lines.append(line(x, Self.top, x, Self.height - Self.bottom, "#e4e4e4"))
            lines.append(text(x, Self.height - Self.bottom + 18, label(tick), anchor: "middle"))
        }
        for tick in ticks(ys) {
            let y = place(tick, ys, Self.height - Self.bottom, Self.top)
            lines.append(line(Self.left, y, Self.width - Self.right, y, "#e4e4e4"))
            lines.append(text(Self.left - 8, y + 4, label(tick), anchor: "end"))
        }
        for (index, one) in series.enumerated() {
            let color = Self.colors[index % Self.colors.count]
            let points = one.points.map { point in
                number(place(point.x, xs, Self.left, Self.width - Self.right)) + ","
                    + number(place(point.y, ys, Self.height - Self.bottom, Self.top))
            }
            lines.append(
                #"<polyline fill="none" stroke="\#(color)" stroke-width="2""#
                    + (one.isDashed ? #" stroke-dasharray="6 4""# : "")
                    + #" points="\#(points.joined(separator: " "))"/>"#)
            for point in points where one.points.count <= 60 {
                let place = point.split(separator: ",")
                lines.append(
                    #"<circle cx="\#(place[0])" cy="\#(place[1])" r="3" fill="\#(color)"/>"#)
            }
            let y = Self.top + 10 + Double(index) * 18
            lines.append(line(Self.width - 250, y, Self.width - 222, y, color))
            lines.append(text(Self.width - 216, y + 4, one.name))
        }
        return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    // MARK: Scales

    private func range(
        _ value: ((x: Double, y: Double)) -> Double
    ) -> (low: Double, high: Double) {
        let values = series.flatMap(\.points).map(value)
        let (low, high) = (values.min() ?? 0, values.max() ?? 1)
        if isLogarithmic {
            return (
                pow(10, floor(log10(max(low, 1e-6)))), pow(10, ceil(log10(max(high, 1e-5))))
            )
        }
        return (low > 0 && low < high / 3 ? 0 : low, high > low ? high : low + 1)
    }

    private func place(
        _ value: Double, _ range: (low: Double, high: Double), _ start: Double, _ end: Double
    ) -> Double {
        let share =
            isLogarithmic
            ? log10(max(value, range.low) / range.low) / max(1e-9, log10(range.high / range.low))
            : (value - range.low) / (range.high - range.low)
        return start + share * (end - start)
    }

    private func ticks(_ range: (low: Double, high: Double)) -> [Double] {
        if isLogarithmic {
            var ticks = [range.low]
            while let last = ticks.last, last * 10 <= range.high * 1.001 { ticks.append(last * 10) }
            return ticks
        }
        let raw = (range.high - range.low) / 6
        let power = pow(10, floor(log10(raw)))
        let step = [1.0, 2, 5, 10].map { $0 * power }.first { $0 >= raw } ?? raw
        let first = ceil(range.low / step) * step
        return stride(from: first, through: range.high + step / 1000, by: step).map { $0 }
    }

    // MARK: Marks

    private func label(_ value: Double) -> String {
        abs(value - value.rounded()) < 1e-9 ? "\(Int(value.rounded()))" : number(value, digits: 4)
    }

    private func number(_ value: Double, digits: Int = 2) -> String {
        let factor = pow(10, Double(digits))
        return "\((value * factor).rounded() / factor)"
    }

    private func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: String
    ) -> String {
        #"<line x1="\#(number(x1))" y1="\#(number(y1))" x2="\#(number(x2))" "#
            + #"y2="\#(number(y2))" stroke="\#(color)" "#
            + #"stroke-width="\#(color == "#e4e4e4" ? 1 : 2)"/>"#
    }

    private func text(
        _ x: Double, _ y: Double, _ words: String, anchor: String = "start", size: Int = 12
    ) -> String {
        let words = words.replacingOccurrences(of: "&", with: "&amp;")
            .replacingOccurrences(of: "<", with: "&lt;")
        return #"<text x="\#(number(x))" y="\#(number(y))" text-anchor="\#(anchor)" "#
            + #"font-size="\#(size)">\#(words)</text>"#
    }
}
