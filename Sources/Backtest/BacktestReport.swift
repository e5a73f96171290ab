// The back-test as a page for somebody who decides about money: what would have happened under each policy, drawn.
// Plain HTML with inline SVG; nothing is loaded from elsewhere.

import ClusterModel

package struct BacktestReport: Sendable {
    private let summary: BacktestSummary
    private let samples: [BacktestPolicy: [Backtest.Sample]]

    package init(_ summary: BacktestSummary, samples: [Backtest.Sample]) {
        self.summary = summary
        self.samples = Dictionary(grouping: samples, by: \.policy)
    }

    private var policies: [(policy: BacktestPolicy, result: PolicyResult)] {
        BacktestPolicy.allCases.compactMap { policy in summary[policy].map { (policy, $0) } }
    }

    package var html: String {
        """
        <!doctype html><html lang="en"><meta charset="utf-8"><title>Back-test of \(escaped(summary.trace))</title><style>
        body{font:15px/1.5 system-ui,sans-serif;max-width:66em;margin:2em auto;padding:0 1em;color:#222}
        table{border-collapse:collapse}th,td{padding:.2em .7em;text-align:right;border-bottom:1px solid #ddd}
        th:first-child,td:first-child{text-align:left}tr.horizon{font-weight:600}svg{width:100%;height:auto}
        .big{font-size:1.25em}figure{margin:1.5em 0}figcaption{color:#555}
        </style><body>
        <h1>What Foreshard would have done with \(escaped(summary.trace))</h1>
        <p>\(summary.from) to \(summary.to), \(summary.segments) segments, \(summary.homes) home instances. The mean load
        is that of \(decimal(summary.meanLoad, 1)) instances, the peak that of \(decimal(summary.peakLoad, 1)).</p>
        <p class="big">\(headline)</p>
        \(table)
        <p>A violation is a second in which some instance answers later than its latency objective; an overload minute one in
        which some instance is asked for more than it carries at that objective. Cost is in hours of one instance: an hour
        of violation counts \(decimal(summary.overloadPerHour, 0)), a move \(decimal(summary.perMove, 2)). A late move left
        an instance that was over its capacity by then; a wasted one, a home that would have carried everything.</p>
        <h2>Violations and instances</h2>
        \(bars)
        <h2>Day by day</h2>
        <p>Grey: the load, in instances that it fills. Blue: instances in use. Red: steps with violations.</p>
        \(policies.map { timeline($0.policy) }.joined(separator: "\n"))
        \(sweep)
        <h2>How this was reckoned</h2>
        <ul>\(BacktestPolicy.allCases.map { "<li><b>\($0.rawValue)</b>: \($0.meaning).</li>" }.joined())</ul>
        <p>The forecasts, the planner and the watch over moves are those of the product; instances are queues whose latency
        follows their load, a move copies for its time and loads both ends, pools and clocks are virtual. Each policy is
        run in for six hours that are not counted.</p>
        </body></html>

        """
    }

    private var headline: String {
        guard let horizon = summary[.horizon] else { return "" }
        var parts = ["The horizon policy has \(seconds(horizon.violationSeconds)) of violations"]
        if let reactive = summary[.reactive] {
            parts.append("a reactive one \(seconds(reactive.violationSeconds))")
        }
        if let pstore = summary[.pstore] { parts.append("P-Store \(seconds(pstore.violationSeconds))") }
        var text = parts.joined(separator: ", ") + "."
        if let peak = summary[.staticPeak], peak.instanceHours > 0 {
            text +=
                " It takes \(decimal(100 * horizon.instanceHours / peak.instanceHours, 0)) % of the instance-hours that "
            text += "being ready for the peak all the time takes"
            text += ", where even a perfect fit to the load takes "
            text += "\(decimal(100 * summary.meanLoad * hours / peak.instanceHours, 0)) %."
        }
        if let oracle = summary[.oracle], oracle.cost > 0 {
            text +=
                " It costs \(decimal(100 * (horizon.cost / oracle.cost - 1), 0)) % more than with perfect forecasts."
        }
        return text
    }

    private var hours: Double {
        guard let begin = Timestamp(summary.from), let end = Timestamp(summary.to) else { return 0 }
        return (end - begin).inSeconds / 3600
    }

    private var table: String {
        var rows =
            "<table><tr><th>policy</th><th>violation seconds</th><th>overload minutes</th><th>instance-hours</th>"
        rows += "<th>cost</th><th>moves</th><th>late</th><th>wasted</th><th>most instances</th></tr>\n"
        for (policy, result) in policies {
            let cells = [
                decimal(result.violationSeconds, 0), decimal(result.overloadMinutes, 1),
                decimal(result.instanceHours, 1),
                decimal(result.cost, 1), "\(result.moves)", "\(result.lateMoves)", "\(result.wastedMoves)",
                "\(result.instancesMax)",
            ]
            rows += "<tr class=\"\(policy.rawValue)\"><td>\(policy.rawValue)</td>"
            rows += cells.map { "<td>\($0)</td>" }.joined() + "</tr>\n"
        }
        return rows + "</table>\n"
    }

    // MARK: Pictures

    private var bars: String {
        let charts: [(String, (PolicyResult) -> Double)] = [
            ("violation seconds", \.violationSeconds), ("instance-hours", \.instanceHours), ("cost", \.cost),
        ]
        return charts.map { title, value in
            let highest = max(policies.map { value($0.result) }.max() ?? 1, 1e-9)
            let rows = policies.enumerated().map { index, entry in
                let y = 24 + 22 * index
                let width = 560 * value(entry.result) / highest
                return """
                    <text x="110" y="\(y + 13)" text-anchor="end">\(entry.policy.rawValue)</text>\
                    <rect x="120" y="\(y)" width="\(decimal(width, 1))" height="16" fill="\(color(entry.policy))"/>\
                    <text x="\(decimal(128 + width, 1))" y="\(y + 13)">\(decimal(value(entry.result), 0))</text>
                    """
            }
            let height = 30 + 22 * policies.count
            return """
                <figure><svg viewBox="0 0 780 \(height)" font-size="13"><text x="120" y="14" font-weight="600">\(title)</text>
                \(rows.joined(separator: "\n"))</svg></figure>
                """
        }.joined(separator: "\n")
    }

    private func timeline(_ policy: BacktestPolicy) -> String {
        let own = samples[policy] ?? []
        guard let first = own.first, let last = own.last, last.at > first.at else { return "" }
        let highest = max(own.map { max($0.load / summary.capacity, $0.instances) }.max() ?? 1, 1)
        let span = (last.at - first.at).inSeconds
        func x(_ at: Timestamp) -> String { decimal(30 + 740 * (at - first.at).inSeconds / span, 1) }
        func y(_ value: Double) -> String { decimal(120 - 100 * value / highest, 1) }
        let load = own.map { "\(x($0.at)),\(y($0.load / summary.capacity))" }.joined(separator: " ")
        var steps = ""
        for (before, sample) in zip([first] + own, own) where before.instances != sample.instances || steps.isEmpty {
            steps += "\(x(sample.at)),\(y(before.instances)) \(x(sample.at)),\(y(sample.instances)) "
        }
        steps += "\(x(last.at)),\(y(last.instances))"
        let violations = own.filter { $0.violationSeconds > 0 }.map {
            "<rect x=\"\(x($0.at))\" y=\"20\" width=\"1.2\" height=\"100\" fill=\"#c62828\" fill-opacity=\".45\"/>"
        }.joined()
        let day = Duration.seconds(86_400)
        var midnight = first.at.floored(to: day) + day
        var days = ""
        while midnight < last.at {
            days += "<line x1=\"\(x(midnight))\" x2=\"\(x(midnight))\" y1=\"20\" y2=\"124\" stroke=\"#ccc\"/>"
            days += "<text x=\"\(x(midnight))\" y=\"136\" fill=\"#666\">\("\(midnight)".prefix(10).suffix(5))</text>"
            midnight = midnight + day
        }
        return """
            <figure><svg viewBox="0 0 780 142" font-size="11">\(days)\(violations)
            <text x="30" y="14" font-weight="600" font-size="13">\(policy.rawValue)</text>
            <text x="26" y="24" text-anchor="end" fill="#666">\(decimal(highest, 0))</text>
            <text x="26" y="122" text-anchor="end" fill="#666">0</text>
            <polyline points="30,120 \(load) 770,120" fill="#ddd" stroke="none"/>
            <polyline points="\(steps)" fill="none" stroke="#1565c0" stroke-width="1.6"/></svg></figure>
            """
    }

    private var sweep: String {
        guard !summary.sweep.isEmpty else { return "" }
        let fixed = policies.filter { ![.horizon, .threshold].contains($0.policy) }.map {
            (name: $0.policy.rawValue, hours: $0.result.instanceHours, violations: $0.result.violationSeconds)
        }
        let hours = summary.sweep.map(\.instanceHours) + fixed.map(\.hours)
        let violations = summary.sweep.map(\.violationSeconds) + fixed.map(\.violations)
        let (widest, highest) = (max(hours.max() ?? 1, 1), max(violations.max() ?? 1, 1))
        // A square root shows what lies near zero, where the policies differ.
        func point(_ hours: Double, _ violations: Double) -> (x: String, y: String) {
            (decimal(60 + 640 * hours / widest, 1), decimal(270 - 240 * (violations / highest).squareRoot(), 1))
        }
        func dot(_ at: (x: String, y: String), _ fill: String, _ name: String, filled: Bool = true) -> String {
            "<circle cx=\"\(at.x)\" cy=\"\(at.y)\" r=\"4\" fill=\"\(filled ? fill : "none")\" stroke=\"\(fill)\">"
                + "<title>\(escaped(name))</title></circle>"
        }
        var marks = summary.sweep.map { swept in
            let policy = BacktestPolicy(rawValue: swept.policy) ?? .horizon
            return dot(
                point(swept.instanceHours, swept.violationSeconds), color(policy), "\(swept.policy), \(swept.setting)",
                filled: swept.isOnFront)
        }
        for entry in fixed {
            let at = point(entry.hours, entry.violations)
            marks.append(dot(at, "#555", entry.name))
            marks.append("<text x=\"\(at.x)\" y=\"\(at.y)\" dx=\"7\" dy=\"4\" fill=\"#555\">\(entry.name)</text>")
        }
        return """
            <h2>Hours against violations</h2>
            <p>Each dot is one run with other limits or prices: blue the horizon policy, orange the threshold policy. Filled
            ones are those that none of them beats in both.</p>
            <figure><svg viewBox="0 0 780 310" font-size="12">
            <line x1="60" y1="270" x2="710" y2="270" stroke="#888"/><line x1="60" y1="20" x2="60" y2="270" stroke="#888"/>
            <text x="700" y="290" text-anchor="end">\(decimal(widest, 0)) instance-hours</text>
            <text x="64" y="26">\(decimal(highest, 0)) violation seconds (square root)</text>
            \(marks.joined(separator: "\n"))</svg></figure>
            """
    }

    private func color(_ policy: BacktestPolicy) -> String {
        switch policy {
        case .horizon: "#1565c0"
        case .threshold: "#ef6c00"
        case .oracle: "#2e7d32"
        case .staticPeak, .staticMean, .reactive, .pstore: "#9e9e9e"
        }
    }

    private func seconds(_ value: Double) -> String { "\(decimal(value, 0)) seconds" }

    /// Without Foundation's formatting.
    private func decimal(_ value: Double, _ places: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "-" }
        let power = [1.0, 10, 100][places]
        let whole = Int((abs(value) * power).rounded())
        let digits = String(repeating: "0", count: max(0, places + 1 - "\(whole)".count)) + "\(whole)"
        let sign = value < 0 && whole > 0 ? "-" : ""
        return places == 0 ? sign + digits : sign + digits.dropLast(places) + "." + digits.suffix(places)
    }

    private func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
