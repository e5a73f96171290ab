// `foreshard anomalies`: what is out of the ordinary now and was lately, by a running server; or in a trace.
import ArgumentParser
import ClusterModel
import ControlPlane

struct Anomalies: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What is out of the ordinary now, and was lately.",
        discussion: """
            Spikes, level shifts, changed variance and missing data, as the forecasts told them: those that last \
            first, then those of --since. EVENT names a scheduled event at that time; steps that an event acts on tell nothing.

              foreshard anomalies                       of every segment, in the last day
              foreshard anomalies shop-07 --since 7d    of one segment; or of an instance's segments

            With --trace no server is asked: loads are read from CSV (timestamp,segment,load; ISO 8601; an empty load \
            is a missing one) as a stream, and what the engine would have told of them is listed. Events of kind \
            `anomaly_window` that were not known in advance are labels, and the scores of the Numenta Anomaly \
            Benchmark follow. Writes scores.csv to the directory of --out.
            """)

    @OptionGroup var server: ServerOptions

    @Argument(help: "A segment, or an instance for all of its segments.")
    var subject: String?

    @Option(help: "How far to look back, as 30m, 24h or 7d (default: 24h).")
    var since: String?

    @Option(help: "How many that are over, the newest (default: 100).")
    var limit: Int?

    @Option(
        parsing: .upToNextOption, help: "The load trace, a CSV file; with several, one threshold is scored for all.")
    var trace: [String] = []

    @Option(parsing: .upToNextOption, help: "The events of each trace, CSV files in the same order.")
    var events: [String] = []

    @Option(help: "The step of the trace or a multiple of it, to which it is averaged. By default the trace's own.")
    var step: String?

    @Option(help: "Only this segment of the trace.")
    var segment: String?

    @Option(help: "The directory for scores.csv; made if it is not there.")
    var out: String?

    @Flag(help: "Use no event that was known in advance: the benchmark's detectors have no calendar.")
    var withoutCalendar = false

    private static let sinceByDefault = "24h"
    private static let limitByDefault = 100

    private var isReplay: Bool { !trace.isEmpty }

    func validate() throws {
        let ofTrace: [(String, Bool)] = [
            ("--events", !events.isEmpty), ("--step", step != nil), ("--segment", segment != nil),
            ("--out", out != nil), ("--without-calendar", withoutCalendar),
        ]
        let ofServer: [(String, Bool)] = [
            ("a segment as argument", subject != nil), ("--since", since != nil), ("--limit", limit != nil),
            ("--json", server.json),
        ]
        if let (name, _) = (isReplay ? ofServer : ofTrace).first(where: \.1) {
            throw ValidationError(
                isReplay ? "\(name) is for a running server; it does not go with --trace" : "\(name) needs a --trace")
        }
        guard events.isEmpty || events.count == trace.count else {
            throw ValidationError("--events has to name one file per trace")
        }
        guard since.map({ Duration(text: $0) != nil }) ?? true else {
            throw ValidationError("--since has to be a length of time such as 30m, 24h or 7d, not `\(since ?? "")`")
        }
        guard limit.map({ $0 > 0 }) ?? true else { throw ValidationError("--limit has to be at least 1") }
    }

    func run() async throws {
        guard !isReplay else {
            return try AnomalyReplay(
                trace: trace, events: events, step: step, segment: segment, out: out, withoutCalendar: withoutCalendar
            ).run()
        }
        try await look()
    }

    private func look() async throws {
        let now = try await server.clusterTime()
        let (since, limit) = (since ?? Self.sinceByDefault, limit ?? Self.limitByDefault)
        var parameters = ["since": since, "limit": "\(limit)"]
        if let subject { parameters["subject"] = subject }
        try await server.show([AnomalyView].self, from: "anomalies", parameters) { views in
            guard !views.isEmpty else { return "nothing out of the ordinary in the last \(since)" }
            let open = views.count(where: \.isOpen)
            let isCut = views.count - open >= limit
            return """
                \(open) last now, \(views.count - open) over in the last \(since)\
                \(isCut ? ", the newest that --limit lets through" : "")

                \(table(views, now))
                """
        }
    }

    private func table(_ views: [AnomalyView], _ now: String) -> String {
        var table = TextTable(
            "SEGMENT", "KIND", "SINCE", "NOTICED", "STATE", "EXPECTED", "SEEN", "SCORE", "EVENT", "WHAT")
        for view in views {
            table.add(
                view.segmentID, view.kind, shownTime(view.since, now: now), shownTime(view.at, now: now),
                view.isOpen ? "lasts" : "over", number(view.expected), number(view.seen),
                number(view.score, digits: 1), view.event ?? "none", view.explanation)
        }
        return table.text
    }
}
