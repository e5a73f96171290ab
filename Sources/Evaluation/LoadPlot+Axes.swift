// What lets a picture of loads be read: a grid with loads and times in UTC, where the past ends, a title and a legend.

import ClusterModel

extension LoadPlot {
    private static let linesMax = 5.0
    private static let ticksMax = 12
    /// Between two times of the grid: round in hours, then in days.
    private static let spans: [Duration] = [
        .seconds(60), .seconds(300), .seconds(900), .seconds(1800), .seconds(3600), .seconds(3 * 3600),
        .seconds(6 * 3600), .seconds(12 * 3600), .seconds(86_400), .seconds(2 * 86_400), .seconds(7 * 86_400),
        .seconds(28 * 86_400),
    ]

    /// Lines behind the loads.
    func grid(_ scale: Scale) -> [String] {
        loads.flatMap { load in
            let y = Self.shown(scale.y(load))
            return [
                path("M0 \(y)H\(Int(Self.width))", "#e1e4e8"),
                text(-6, scale.y(load) + 4, figure(load), anchor: "end"),
            ]
        }
            + times.flatMap { time in
                let x = Self.shown(scale.x(time))
                return [
                    path("M\(x) 0V\(Int(Self.height))", "#e1e4e8"),
                    text(scale.x(time), Self.height + 13, label(time), anchor: "middle"),
                ]
            } + present(scale)
    }

    /// Where the past ends; nothing where it is the end of the picture.
    private func present(_ scale: Scale) -> [String] {
        guard !expected.isEmpty, measured.end > start, measured.end < end else { return [] }
        return [path("M\(Self.shown(scale.x(measured.end))) 0V\(Int(Self.height))", "#8c959f")]
    }

    /// Round loads from zero up: steps of 1, 2 or 5 times a power of ten.
    private var loads: [Double] {
        var step = 1e-12
        while step < 1e15 {
            for factor in [1.0, 2, 5] where top / (step * factor) <= Self.linesMax {
                return stride(from: 0, through: top, by: step * factor).map { $0 }
            }
            step *= 10
        }
        return []
    }

    private var times: [Timestamp] {
        guard let span = Self.spans.first(where: { (end - start) / $0 <= Double(Self.ticksMax) }) else { return [] }
        let first = start.floored(to: span)
        return (0...Self.ticksMax + 1).map { first + span * $0 }.filter { $0 >= start && $0 <= end }
    }

    /// The time of day, and the day at midnight.
    private func label(_ time: Timestamp) -> String {
        let text = time.description
        let isMidnight = time.floored(to: .seconds(86_400)) == time
        return "\(text.dropFirst(isMidnight ? 5 : 11).prefix(5))"
    }

    private func figure(_ load: Double) -> String {
        load == 0 ? "0" : EvaluationReport.rounded(load, top >= 10 ? 0 : top >= 1 ? 1 : 3)
    }

    /// The title, the highest value of all, and what the colours mean.
    var header: [String] {
        let name = title.map { text(0, -18, $0, size: 14) } ?? ""
        let highest = text(0, -4, "load; highest \(EvaluationReport.rounded(top, top < 10 ? 3 : 1))", colour: "#57606a")
        guard !expected.isEmpty else { return [name, highest] }
        let right = Self.width
        return [
            name, highest, swatch(right - 420, "#111", "1", "measured"),
            swatch(right - 335, "#1f6feb", "1", "expected"), swatch(right - 250, "#1f6feb", "0.4", "half the time"),
            swatch(right - 145, "#1f6feb", "0.15", "9 times out of 10"),
        ]
    }

    /// The first and the last time, whole.
    var ends: [String] {
        [
            text(0, Self.height + 27, start.description, colour: "#57606a"),
            text(Self.width, Self.height + 27, end.description, anchor: "end", colour: "#57606a"),
        ]
    }

    private func swatch(_ x: Double, _ colour: String, _ opacity: String, _ name: String) -> String {
        "<rect x=\"\(Self.shown(x))\" y=\"-12\" width=\"14\" height=\"7\" fill=\"\(colour)\" "
            + "fill-opacity=\"\(opacity)\"/>"
            + text(x + 18, -5, name)
    }

    private func path(_ form: String, _ colour: String) -> String {
        "<path d=\"\(form)\" fill=\"none\" stroke=\"\(colour)\"/>"
    }

    private func text(
        _ x: Double, _ y: Double, _ text: String, anchor: String = "start", size: Int = 11, colour: String = "#24292f"
    ) -> String {
        "<text x=\"\(Self.shown(x))\" y=\"\(Self.shown(y))\" text-anchor=\"\(anchor)\" font-size=\"\(size)\" "
            + "fill=\"\(colour)\">\(EvaluationReport.escaped(text))</text>"
    }
}
