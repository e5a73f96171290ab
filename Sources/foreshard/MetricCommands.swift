// What may lead the load, and what the instances spend their time on.
import Admin
import ArgumentParser
import ControlPlane

struct Metrics: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The metrics that may lead the load, and the forecasts that they correct.")
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let now = try await server.clusterTime()
        try await server.show([MetricView].self, from: "metrics") { metrics in
            guard !metrics.isEmpty else { return "no metrics: see `metrics` in the configuration" }
            var table = TextTable("METRIC", "NEWEST", "VALUE", "STEPS", "LEADS", "PROBLEM")
            for metric in metrics {
                table.add(
                    metric.name, shownTime(metric.newest, now: now), number(metric.value), "\(metric.steps)",
                    leads(metric.uses), metric.problem ?? "")
            }
            return table.text
        }
    }

    /// Each subject once, by the lead that most of its models found best.
    private func leads(_ uses: [MetricView.Use]) -> String {
        guard !uses.isEmpty else { return "-" }
        return Dictionary(grouping: uses, by: \.subject).sorted { $0.key < $1.key }.map { subject, uses in
            let leads = uses.map { Int(($0.leadSeconds / 60).rounded()) }.sorted()
            return "\(subject) by \(leads[leads.count / 2]) min"
        }.joined(separator: ", ")
    }
}

struct Statements: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The shapes of statements that the instances spend most time on, since the server looks.")
    @OptionGroup var server: ServerOptions

    /// Characters of a statement in the table.
    private static let shownMax = 100

    func run() async throws {
        try await server.show([StatementView].self, from: "statements") { shapes in
            guard !shapes.isEmpty else { return "no statements yet: see `statement_metrics` in the configuration" }
            var table = TextTable("INSTANCE", "SECONDS", "CALLS", "STATEMENT")
            for shape in shapes {
                let words = shape.text.split { $0.isWhitespace }.joined(separator: " ")
                table.add(
                    shape.instance, number(shape.seconds), number(shape.calls, digits: 0),
                    String(words.prefix(Self.shownMax)))
            }
            return table.text
        }
    }
}
