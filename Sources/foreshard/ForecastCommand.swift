// `foreshard forecast`: what load is expected, as a table, as JSON and as a picture.
import Admin
import ArgumentParser
import ControlPlane
import Foundation

struct Forecast: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What load is expected, with its quantiles.",
        discussion: "Without a subject: one line for every segment and instance. With one: every step of its horizon.")
    @OptionGroup var server: ServerOptions

    @Argument(help: "A segment or an instance.")
    var subject: String?

    @Option(help: "Draw the last two days and the forecast of the subject into this file, as SVG.")
    var plot: String?

    func validate() throws {
        guard plot != nil, subject == nil else { return }
        throw ValidationError("--plot draws one subject: name a segment or an instance")
    }

    func run() async throws {
        let now = try await server.clusterTime()
        try await server.show([ForecastView].self, from: "forecast", subject.map { ["subject": $0] } ?? [:]) { views in
            guard !views.isEmpty else {
                return subject.map { "no forecast of \($0): see `foreshard segments` and `foreshard status` for names" }
                    ?? "no forecast yet"
            }
            return subject == nil
                ? summary(of: views, now) : views.map { detail(of: $0, now) }.joined(separator: "\n\n")
        }
        if let subject, let plot { try await draw(subject, into: plot) }
    }

    private func draw(_ subject: String, into file: String) async throws {
        let client = try server.client()
        guard let past = try AdminClient.decode(PastView?.self, await client.get("past", ["subject": subject])),
            let view = try AdminClient.decode([ForecastView].self, await client.get("forecast", ["subject": subject]))
                .first
        else { throw AdminError("nothing to draw: \(subject) was neither measured nor forecast yet") }
        let events = try AdminClient.decode([EventView].self, await client.get("events"))
        let found = try AdminClient.decode(
            [AnomalyView].self,
            await client.get(
                "anomalies", ["subject": subject, "since": "2d", "limit": "\(Self.anomaliesShown)"]))
        // Those of an instance's segments are loads of another size.
        let picture = try ForecastPicture(
            past, view, events: events, anomalies: found.filter { $0.segmentID == subject })
        do {
            try Data((picture.svg + "\n").utf8).write(to: URL(fileURLWithPath: file))
        } catch {
            throw AdminError("cannot write \(file): \(error.localizedDescription)")
        }
        FileHandle.standardError.write(Data("drawn: \(file)\n".utf8))
    }

    private static let anomaliesShown = 200

    private func summary(of views: [ForecastView], _ now: String) -> String {
        var table = TextTable("SUBJECT", "NEXT", "PEAK", "AT", "90 % BELOW", "OVERLOAD", "MODEL")
        for view in views {
            let peak = view.steps.max { $0.load < $1.load }
            table.add(
                view.subject, number(view.steps.first?.load), number(peak?.load),
                shownTime(peak?.at, now: now), number(peak.flatMap { quantile(0.9, of: $0) }),
                percent(view.steps.compactMap(\.confidence).max()), view.model ?? "-")
        }
        return table.text
    }

    private func detail(of view: ForecastView, _ now: String) -> String {
        var table = TextTable("AT", "5 %", "25 %", "MEDIAN", "75 %", "95 %", "99 %", "OVERLOAD")
        for step in view.steps {
            table.add(
                shownTime(step.at, now: now), number(quantile(0.05, of: step)),
                number(quantile(0.25, of: step)), number(step.load), number(quantile(0.75, of: step)),
                number(quantile(0.95, of: step)), number(quantile(0.99, of: step)), percent(step.confidence))
        }
        let threshold = view.threshold.map { ", overload above \(number($0))" } ?? ""
        return """
            \(view.subject): issued \(view.issuedAt), model \(view.model ?? "none") (\(view.reason))\(threshold)
            \(view.anomaly.map { "anomaly: \($0)\n" } ?? "")\(table.text)
            """
    }

    private func quantile(_ level: Double, of step: ForecastView.Step) -> Double? {
        step.quantiles.first { abs($0.level - level) < 1e-6 }?.value
    }
}
