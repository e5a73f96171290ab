// The metrics of the configuration, as far as they are known when a forecast is due. Before each forecast every source
// is asked for what is new, all at once and never longer than the deadline; what did not come is missing, and the
// models then say what they would have said without it. A source in trouble is complained of once, and asked again
// every time.
//
// What the sources have they keep: at a start Prometheus and files are read as far back as the models learn.
// pg_stat_statements has no past, so what it says begins with the process.
import ClusterModel
import Forecasting
import Logging
import Settings
import UsageMetrics

package actor MetricSource {
    package struct Configuration: Sendable {
        package var metrics: [MetricSettings]
        /// The instances whose pg_stat_statements are read.
        package var statementsOf: [Instance]
        /// The step of the forecasts, and how far back they learn.
        package var step: Duration
        package var history: Duration
        /// The cluster time between two forecasts.
        package var forecastEvery: Duration
        /// Real time that a forecast waits for metrics, at most.
        package var deadline = Duration.seconds(2)

        package init(
            metrics: [MetricSettings], statementsOf: [Instance] = [], step: Duration, history: Duration,
            forecastEvery: Duration
        ) {
            self.metrics = metrics
            self.statementsOf = statementsOf
            self.step = step
            self.history = history
            self.forecastEvery = forecastEvery
        }
    }

    let configuration: Configuration
    private let logger: Logger
    private let files: [String: MetricFile]
    private let servers: [String: PrometheusMetric]
    private let statements: [InstanceID: InstanceStatements]
    /// As the last forecast read them, by name.
    private var latest: [String: LoadSeries] = [:]
    /// By source; none where the last attempt went well.
    package private(set) var complaints: [String: String] = [:]

    /// Reads the files for the first time, and refuses what is wrong in them. A server that does not answer is no
    /// mistake.
    ///
    /// - Parameter known: the segments that metrics may name.
    package init(_ configuration: Configuration, segments known: [SegmentID], logger: Logger) throws {
        for metric in configuration.metrics { try Self.check(metric, known: known) }
        self.configuration = configuration
        self.logger = logger
        var files: [String: MetricFile] = [:]
        var servers: [String: PrometheusMetric] = [:]
        for metric in configuration.metrics {
            switch metric.source {
            case .csv(let path):
                files[metric.name] = try MetricFile(metric: metric.name, path: path, step: configuration.step)
            case .prometheus(let settings):
                servers[metric.name] = PrometheusMetric(
                    settings, step: configuration.step, history: configuration.history, timeout: configuration.deadline)
            }
        }
        self.files = files
        self.servers = servers
        let every = max(configuration.step, configuration.forecastEvery)
        statements = Dictionary(
            configuration.statementsOf.map { instance in
                let series = StatementSeries(
                    step: configuration.step, span: configuration.history, intervalMax: every * 2)
                return (instance.id, InstanceStatements(instance, series: series, deadline: configuration.deadline))
            }, uniquingKeysWith: { first, _ in first })
    }

    /// A metric that names a segment which does not exist would never be read, so it is refused.
    private static func check(_ metric: MetricSettings, known: [SegmentID]) throws(ClusterError) {
        guard let unknown = metric.segments?.first(where: { !known.contains($0) }) else { return }
        throw ClusterError(
            """
            the metric `\(metric.name)` names the segment \(unknown), which does not exist. \
            Known: \(known.map(\.text).joined(separator: ", ")); leave `segments` out for all
            """)
    }

    /// Everything that is known by `now`, after a look for what is new.
    ///
    /// - Parameter owned: the segments of each instance, which its statements are about.
    package func regressors(at now: Timestamp, owned: [InstanceID: [SegmentID]]) async -> [MetricSeries] {
        await refresh(at: now)
        var regressors: [MetricSeries] = []
        for metric in configuration.metrics {
            let series =
                if let server = servers[metric.name] { await server.series } else { await files[metric.name]?.series }
            guard let series else { continue }
            let known = series.window(from: max(series.start, now - configuration.history), to: now)
            regressors.append(MetricSeries(name: metric.name, series: known, segments: metric.segments.map { Set($0) }))
        }
        for (id, statements) in statements.sorted(by: { $0.key < $1.key }) {
            guard let segments = owned[id], !segments.isEmpty, let read = await statements.series.series(through: now)
            else { continue }
            // No name of a metric in the configuration has a blank.
            regressors.append(MetricSeries(name: "\(id) calls", series: read.calls, segments: Set(segments)))
            regressors.append(MetricSeries(name: "\(id) execution", series: read.execution, segments: Set(segments)))
        }
        latest = Dictionary(regressors.map { ($0.name, $0.series) }, uniquingKeysWith: { first, _ in first })
        return regressors
    }

    /// One metric as it was when the last forecast was made.
    package struct MetricState: Sendable {
        package let name: String
        /// Nil before anything came of it.
        package let series: LoadSeries?
        /// Nil when its source was read without trouble.
        package let complaint: String?
    }

    /// Every metric, also those of which nothing came.
    package func states() -> [MetricState] {
        let configured = configuration.metrics.map { ($0.name, "metric \($0.name)") }
        let counted = statements.keys.sorted().flatMap { id in
            ["calls", "execution"].map { ("\(id) \($0)", "statements of \(id)") }
        }
        return (configured + counted).map { name, source in
            MetricState(name: name, series: latest[name], complaint: complaints[source])
        }
    }

    /// The shapes that each instance spends most time on, since this process looks.
    package func shapes() async -> [InstanceID: [StatementShapeUsage]] {
        var shapes: [InstanceID: [StatementShapeUsage]] = [:]
        for (id, statements) in statements { shapes[id] = await statements.shapes.top }
        return shapes
    }

    // MARK: Asking

    private struct Attempt: Sendable {
        let source: String
        /// Nil when it went well.
        let complaint: String?
    }

    /// Asks all sources at once; those that have not answered by the deadline are cancelled.
    private func refresh(at now: Timestamp) async {
        let deadline = configuration.deadline
        await withTaskGroup(of: Attempt?.self) { group in
            var waiting = files.count + servers.count + statements.count
            guard waiting > 0 else { return }
            for (name, file) in files {
                group.addTask { await Self.attempt("metric \(name)", deadline) { try await file.refresh() } }
            }
            for (name, server) in servers {
                group.addTask { await Self.attempt("metric \(name)", deadline) { try await server.refresh(at: now) } }
            }
            for (id, instance) in statements {
                group.addTask {
                    await Self.attempt("statements of \(id)", deadline) { try await instance.refresh(at: now) }
                }
            }
            group.addTask {
                try? await Task.sleep(for: deadline)
                return nil
            }
            for await attempt in group {
                guard let attempt else {
                    group.cancelAll()
                    continue
                }
                note(attempt)
                waiting -= 1
                if waiting == 0 { group.cancelAll() }
            }
        }
    }

    private static func attempt(
        _ source: String, _ deadline: Duration, _ body: () async throws -> Void
    ) async -> Attempt {
        do {
            try await body()
            return Attempt(source: source, complaint: nil)
        } catch is CancellationError {
            return Attempt(source: source, complaint: "no answer within \(deadline)")
        } catch {
            return Attempt(source: source, complaint: "\(error)")
        }
    }

    private func note(_ attempt: Attempt) {
        let before = complaints[attempt.source]
        complaints[attempt.source] = attempt.complaint
        switch (before, attempt.complaint) {
        case (nil, let complaint?):
            logger.warning(
                "a metric cannot be read; forecasts go on without it",
                metadata: ["metric.source": "\(attempt.source)", "error": "\(complaint)"])
        case (_?, nil):
            logger.notice("a metric is read again", metadata: ["metric.source": "\(attempt.source)"])
        case (nil, nil), (_?, _?): break
        }
    }
}
