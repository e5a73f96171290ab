import ArgumentParser
import ClusterModel
import Evaluation
import Forecasting
import Foundation
import Settings
import Traces

struct Evaluate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Judge the forecasts on a load trace, from many origins in its past.",
        discussion: """
            Reads timestamp,segment,load (ISO 8601; an empty load is a missing one) and, if given, \
            start,end,segment,kind,known_in_advance,label. Metrics that may lead the load \
            come as timestamp,value or timestamp,metric,value. From each origin the engine forecasts with what was \
            known by then. Writes summary.json, report.html and forecasts.csv (quantiles of every model and of the engine's \
            answer, `combined`) to the directory of --out.
            """)

    @Option(help: "The load trace, a CSV file.")
    var trace: String

    @Option(help: "Its events, a CSV file; those not known in advance are left out.")
    var events: String?

    @Option(help: "Metrics that may lead the load, a CSV file; with a reading for every step.")
    var metrics: String?

    @Option(help: "The step of the trace or a multiple of it, to which it is averaged.")
    var step = "5m"

    @Option(help: "How far each forecast goes.")
    var horizon = "60m"

    @Option(
        help: "How many origins, the last ones of each segment. By default those of 7 days, of 28 for steps from 1h.")
    var origins: Int?

    @Option(help: "The newest origin, an ISO 8601 time; by default as late as the trace allows.")
    var until: String?

    @Option(help: "The time between two origins.")
    var every = "1h"

    @Option(help: "Models that are combined, in the order of preference; from: \(ForecastModels.names).")
    var models: String?

    @Option(help: "The clock that the load follows, with its daylight saving; an IANA name such as Europe/Berlin.")
    var timeZone = "UTC"

    @Option(help: "Only this segment.")
    var segment: String?

    @Option(help: "The directory for the results; made if it is not there.")
    var out: String

    func run() async throws {
        let setting = try readSettings()
        let series = try readSeries(step: setting.step)
        let leading = try metrics.map { try readMetrics($0, step: setting.step) } ?? []
        let scheduled = try events.map { try EventTrace(path: $0).scheduled } ?? []
        do {
            try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        } catch {
            throw ValidationError("cannot make \(out): \(error.localizedDescription)")
        }
        let file = try ForecastsFile(path: out + "/forecasts.csv")
        var scores: [TraceEvaluation.SegmentScores] = []
        var report = EvaluationReport()
        var uses: [String] = []
        guard let zone = ZoneOffsets(named: timeZone) else {
            throw ValidationError("--time-zone has to be an IANA name such as Europe/Berlin, not `\(timeZone)`")
        }
        let newest = try until.map { text in
            guard let time = Timestamp(text) else {
                throw ValidationError("--until has to be a time such as 1998-07-12T00:00:00Z, not `\(text)`")
            }
            return time
        }
        let judged = series.map { segment, load in
            JudgedSeries(
                segment, load,
                RollingOrigins(
                    load, horizon: setting.horizon, every: setting.every, count: setting.origins, until: newest))
        }
        let issued = JudgedSeries.forecasts(
            of: judged, events: scheduled, metrics: leading, models: setting.models, zone: zone
        ) {
            showProgress("origin \($0 + 1) of \($1), \(judged.count) segments")
        }
        for (segment, load) in series {
            let forecasts = issued[segment] ?? []
            try file.write(segment, step: setting.step, forecasts)
            scores.append(.init(segment, load, forecasts))
            if !leading.isEmpty { uses.append("\(segment): \(Self.words(forecasts.last?.metrics ?? []))") }
            report.add(segment, load, forecasts)
        }
        try file.close()
        showProgress(nil)
        let evaluation = TraceEvaluation(
            trace: URL(fileURLWithPath: trace).lastPathComponent, step: setting.step, horizon: setting.horizon,
            segments: scores)
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(evaluation).write(to: URL(fileURLWithPath: out + "/summary.json"))
        try Data(report.html(evaluation).utf8).write(to: URL(fileURLWithPath: out + "/report.html"))
        print(Self.table(evaluation))
        for line in uses { print("metrics of \(line)") }
        print("written: \(out)/summary.json, report.html, forecasts.csv")
    }
}

extension Evaluate {
    private struct Setting {
        let step: Duration
        let horizon: Duration
        let every: Duration
        let origins: Int
        let models: [any ForecastModel]
    }

    private func readSettings() throws -> Setting {
        let step = try length(of: step, "step")
        let horizon = try length(of: horizon, "horizon")
        let every = try length(of: every, "every")
        guard horizon >= step, horizon <= step * 2000 else {
            throw ValidationError("--horizon has to be from one step to 2000 steps")
        }
        guard every >= step, every.wholeMilliseconds % step.wholeMilliseconds == 0 else {
            throw ValidationError("--every has to be a multiple of --step")
        }
        let days = step >= .seconds(3600) ? 28 : 7
        let origins = origins ?? Int(Duration.seconds(86_400 * days).wholeMilliseconds / every.wholeMilliseconds)
        guard (1...1_000_000).contains(origins) else { throw ValidationError("--origins has to be at least 1") }
        guard let models else {
            return Setting(
                step: step, horizon: horizon, every: every, origins: origins,
                models: ForecastModels.standard)
        }
        let chosen = try models.split(separator: ",").map { name in
            guard let model = ForecastModels.model(named: String(name)) else {
                throw ValidationError("there is no model `\(name)`; known: \(ForecastModels.names)")
            }
            return model
        }
        guard !chosen.isEmpty else { throw ValidationError("--models names no model") }
        return Setting(step: step, horizon: horizon, every: every, origins: origins, models: chosen)
    }

    private func readSeries(step: Duration) throws -> [(SegmentID, LoadSeries)] {
        guard let own = try LoadTrace.step(path: trace) else {
            throw ValidationError("\(trace) has no two readings of one segment")
        }
        guard step.wholeMilliseconds % own.wholeMilliseconds == 0 else {
            throw ValidationError("--step has to be a multiple of the trace's own step, \(Int(own.inSeconds)) s")
        }
        let all = try LoadTrace.read(path: trace, step: own).sorted { $0.key < $1.key }
        let chosen = all.filter { segment == nil || $0.key.text == segment }
        guard !chosen.isEmpty else {
            let known = all.prefix(10).map(\.key.text).joined(separator: ", ")
            throw ValidationError(
                "the trace has no segment `\(segment ?? "")`. It has \(known)\(all.count > 10 ? ", ..." : "")")
        }
        return try chosen.map { ($0.key, own == step ? $0.value : try $0.value.resampled(to: step)) }
    }

    private func readMetrics(_ path: String, step: Duration) throws -> [MetricSeries] {
        switch try MetricTrace.read(path: path, step: step) {
        case .one(let series):
            let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
            return [MetricSeries(name: name, series: series)]
        case .named(let all):
            return all.sorted { $0.key < $1.key }.map { MetricSeries(name: $0.key, series: $0.value) }
        }
    }

    /// What led the load at the last origin.
    private static func words(_ uses: [MetricUse]) -> String {
        guard !uses.isEmpty else { return "none helps" }
        return uses.map { use in
            let minutes = Int((use.lead.inSeconds / 60).rounded())
            let percent = Int((100 * use.gain).rounded())
            return "\(use.metric) leads by \(minutes) min (\(use.model) misses by \(percent) % less)"
        }.joined(separator: ", ")
    }

    private static func table(_ evaluation: TraceEvaluation) -> String {
        var table = TextTable(
            "SEGMENT", "MODEL", "WAPE %", "MASE", "PINBALL .9", ".95", "IN 90 %", "BELOW 95 %", "WIDTH 90 %", "ORIGINS")
        for segment in evaluation.segments {
            for model in segment.models { add(model, of: segment.segment, origins: segment.origins, to: &table) }
        }
        if evaluation.segments.count > 1 {
            for model in evaluation.pooled { add(model, of: "(median)", origins: nil, to: &table) }
        }
        return table.text
    }

    private static func add(
        _ model: TraceEvaluation.ModelScores, of segment: String, origins: Int?, to table: inout TextTable
    ) {
        let path = model.path
        table.add(
            segment, model.model, shown(100 * path.wape, 1), path.mase.map { shown($0, 2) } ?? "-",
            shown(path.pinball["0.9"] ?? .nan, 4), shown(path.pinball["0.95"] ?? .nan, 4),
            shown(100 * path.coverage90, 1), shown(100 * path.coverageUpper95, 1), shown(path.width90, 2),
            origins.map(String.init) ?? "-")
    }

    private static func shown(_ value: Double, _ places: Int) -> String { String(format: "%.\(places)f", value) }
}
