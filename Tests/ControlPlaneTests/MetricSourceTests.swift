import ClusterModel
import Forecasting
import Foundation
import LocalPostgres
import Logging
import NIOPosix
import PostgresClient
import Settings
import Synchronization
import TestServers
import Testing

@testable import ControlPlane

#if canImport(Glibc)
    import Glibc
#endif

private let start = Timestamp("2024-01-01T00:00:00Z")!
private let quarter = Duration.seconds(900)
private let perDay = 96

/// What was logged, in words.
private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(lines: self) }
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
        }
    }
}

private func prometheus(_ name: String, _ url: String, _ query: String) -> MetricSettings {
    MetricSettings(name: name, source: .prometheus(.init(url: url, query: query)))
}

private func configuration(
    _ metrics: [MetricSettings], statementsOf instances: [Instance] = []
) -> MetricSource.Configuration {
    MetricSource.Configuration(
        metrics: metrics, statementsOf: instances, step: quarter, history: .seconds(20 * 86_400), forecastEvery: quarter
    )
}

private func source(_ metrics: [MetricSettings], _ lines: Lines = Lines()) throws -> MetricSource {
    var configuration = configuration(metrics)
    configuration.deadline = .milliseconds(300)
    return try MetricSource(configuration, segments: ["a", "b"], logger: lines.logger)
}

private func withFile(_ text: String, _ body: (String) async throws -> Void) async throws {
    let path = FileManager.default.temporaryDirectory.path + "/metric-\(UUID().uuidString).csv"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await body(path)
}

@Suite struct MetricSourceTests {
    private static let csv = "timestamp,value\n2024-01-01T00:00:00Z,1\n2024-01-01T00:15:00Z,2\n"

    @Test func aFileIsReadAgainWhenItChanges() async throws {
        try await withFile(Self.csv) { path in
            let lines = Lines()
            let source = try source([MetricSettings(name: "q", source: .csv(path: path), segments: ["a"])], lines)
            let first = await source.regressors(at: start + quarter * 4, owned: [:])
            #expect(first.map(\.name) == ["q"] && first.first?.segments == ["a"])
            #expect(first.first?.series.values.prefix(2) == [1, 2])
            #expect(first.first?.series.end == start + quarter * 4)
            // What the file says about later than now is not known.
            #expect(await source.regressors(at: start + quarter, owned: [:]).first?.series.values == [1])

            try Data((Self.csv + "2024-01-01T00:30:00Z,3\n").utf8).write(to: URL(fileURLWithPath: path))
            let second = await source.regressors(at: start + quarter * 4, owned: [:])
            #expect(second.first?.series.values.prefix(3) == [1, 2, 3])

            for _ in 0..<3 {
                try Data("nonsense\n".utf8).write(to: URL(fileURLWithPath: path))
                let kept = await source.regressors(at: start + quarter * 4, owned: [:])
                #expect(kept.first?.series.values.prefix(3) == [1, 2, 3])
            }
            #expect(lines.all.count == 1)
            try Data(Self.csv.utf8).write(to: URL(fileURLWithPath: path))
            _ = await source.regressors(at: start + quarter * 4, owned: [:])
            #expect(lines.all.count == 2 && lines.all[1].contains("read again"))
            #expect(await source.complaints.isEmpty)
        }
    }

    @Test func refusesWhatIsWrongAtTheStart() async throws {
        let missing = MetricSettings(name: "q", source: .csv(path: "/nonexistent/q.csv"))
        #expect(throws: (any Error).self) { try source([missing]) }
        try await withFile("timestamp,metric,value\n2024-01-01T00:00:00Z,other,1\n") { path in
            let error = #expect(throws: ClusterError.self) {
                try source([MetricSettings(name: "q", source: .csv(path: path))])
            }
            #expect(error?.description.contains("has no metric `q`. It has other") == true)
        }
        try await withFile(Self.csv) { path in
            let error = #expect(throws: ClusterError.self) {
                try source([MetricSettings(name: "q", source: .csv(path: path), segments: ["a", "z"])])
            }
            #expect(error?.description.contains("names the segment z, which does not exist") == true)
        }
    }

    @Test func aServerThatHangsHoldsNothingUp() async throws {
        let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let url = "http://127.0.0.1:\(silent.localAddress?.port ?? 0)"
        try await withFile(Self.csv) { path in
            let lines = Lines()
            let source = try source(
                [prometheus("hangs", url, "x"), MetricSettings(name: "q", source: .csv(path: path))], lines)
            for _ in 0..<2 {
                let known = await source.regressors(at: start + quarter * 2, owned: [:])
                #expect(known.map(\.name) == ["q"])
            }
            let states = await source.states()
            #expect(states.map(\.name) == ["hangs", "q"])
            #expect(states.map { $0.series?.presentCount } == [nil, 2])
            #expect(states.map { $0.complaint == nil } == [false, true])
            #expect(lines.all.count == 1)
            #expect(lines.all.first?.contains("no answer within 0.3 seconds") == true, "\(lines.all)")
        }
        try await silent.close()
    }
}

@Suite struct LiveMetricSourceTests {
    private static let days = 14

    /// Sign-ups that lead the load by half an hour; the value of a step is scraped at its end.
    private static func led() -> (load: [Double], samples: String) {
        var generator = SeededGenerator(seed: 1)
        var levels: [Double] = []
        var level = 0.0
        var text = "# TYPE signups gauge\n"
        for step in 0..<days * perDay {
            level =
                0.9 * level + (0..<12).reduce(0) { sum, _ in sum + Double.random(in: -0.22...0.22, using: &generator) }
            levels.append(level)
            text += "signups \(exp(level)) \(Int((start + quarter * (step + 1)).seconds))\n"
        }
        let load = levels.indices.map {
            10 * exp(0.5 * levels[max(0, $0 - 2)]) * Double.random(in: 0.97...1.03, using: &generator)
        }
        return (load, text)
    }

    private func forecaster(_ source: MetricSource?) throws -> Forecaster {
        var engine = PredictionEngine.Configuration()
        engine.horizonSteps = 2
        let schedule = try EventSchedule(
            .init(configured: [], files: [], past: .seconds(20 * 86_400)), segments: ["a"], at: start,
            logger: Lines().logger)
        return Forecaster(configuration: engine, schedule: schedule, metrics: source)
    }

    @Test func forecastsReadPrometheusUntilItIsGone() async throws {
        let (load, samples) = Self.led()
        let now = start + quarter * (load.count - 4)
        let series = LoadSeries(start: start, step: quarter, values: load)
        let window = LoadWindow(
            step: quarter, span: .seconds(20 * 86_400), history: ["a": series.window(from: start, to: now)])
        let lines = Lines()
        var gone: MetricSource?
        try await withPrometheus(samples) { url in
            let metrics = [
                prometheus("signups", url, "signups"), prometheus("typo", url, "sign_ups"),
                prometheus("wrong", url, "sum("),
            ]
            let source = try MetricSource(configuration(metrics), segments: ["a"], logger: lines.logger)
            let round = try await forecaster(source).forecast(window, placement: ["home-1": ["a"]], at: now)
            let uses = round.segments["a"]?.explanation.metrics ?? []
            #expect(uses.contains { $0.metric == "signups" && $0.lead >= quarter && $0.lead <= quarter * 3 }, "\(uses)")
            let seen = load.suffix(4).prefix(2)
            func missed(_ round: ForecastRound) -> Double {
                zip(seen, round.segments["a"]?.steps ?? []).reduce(0) { $0 + abs($1.0 - $1.1.curve.median) }
            }
            let alone = try await forecaster(nil).forecast(window, placement: ["home-1": ["a"]], at: now)
            #expect(missed(round) < missed(alone))
            #expect(alone.segments["a"]?.explanation.metrics == [])

            let known = await source.regressors(at: now, owned: [:])
            #expect(known.first?.series.end == now && known.first?.series[now - quarter] != nil)
            #expect(known.first { $0.name == "typo" }?.series.presentCount == 0)
            #expect(lines.all.count == 2, "\(lines.all)")
            #expect(
                lines.all.contains { $0.contains("nothing since") } && lines.all.contains { $0.contains("bad_data") })
            gone = source
        }
        let source = try #require(gone)
        let later = start + quarter * load.count
        for _ in 0..<2 {
            let known = await source.regressors(at: later, owned: [:])
            #expect(known.first?.series[now - quarter] != nil)
            #expect(known.first?.series.end == later && known.first?.series[later - quarter] == nil)
        }
        // One more complaint each: the metric's, and those that now have another reason.
        #expect(lines.all.count { $0.contains("metric signups") } == 1)
        let whole = LoadWindow(step: quarter, span: .seconds(20 * 86_400), history: ["a": series])
        let round = try await forecaster(source).forecast(whole, placement: ["home-1": ["a"]], at: later)
        #expect(round.segments["a"]?.steps.count == 2)
    }

    @Test func statementsOfAnInstanceAreMetricsOfItsSegments() async throws {
        var settings = ServerSettings.forTests
        settings.additional["shared_preload_libraries"] = "pg_stat_statements"
        try await withServer(settings) { endpoint in
            let instance = Instance(
                id: "home-1", role: .home, zone: "a", endpoint: endpoint, capacity: Load(1), costPerHour: 1)
            let lines = Lines()
            let source = try MetricSource(
                configuration([], statementsOf: [instance]), segments: ["a"], logger: lines.logger)
            #expect(await source.regressors(at: start, owned: ["home-1": ["a"]]).isEmpty)
            #expect(lines.all.count == 1 && lines.all[0].contains("CREATE EXTENSION pg_stat_statements"))

            let connection = try await PostgresConnection.connect(to: endpoint)
            try await connection.query("CREATE EXTENSION pg_stat_statements")
            for round in 0..<3 {
                for number in 0..<90 { try await connection.query("SELECT \(number)") }
                _ = await source.regressors(at: start + quarter * round, owned: [:])
            }
            await connection.close()
            let read = await source.regressors(at: start + quarter * 2, owned: ["home-1": ["a", "b"]])
            #expect(read.map(\.name) == ["home-1 calls", "home-1 execution"])
            #expect(read.allSatisfy { $0.segments == ["a", "b"] })
            let calls = read.first?.series.values ?? []
            // 90 of ours and a few of the reader's own in 900 s, twice.
            #expect(calls.count == 2 && calls.allSatisfy { $0 >= 0.1 && $0 < 0.12 }, "\(calls)")
            let shapes = await source.shapes()
            #expect(shapes["home-1"]?.contains { $0.text == "SELECT $1" && $0.calls == 180 } == true, "\(shapes)")
        }
    }
}
