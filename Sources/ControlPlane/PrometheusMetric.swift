// One metric of a Prometheus server: what was fetched so far, kept as far back as the models learn. Only what is new
// is asked for, and the last few steps once more, because samples and recording rules may come late. A long history
// comes in parts, and each part that came is kept even when the next one does not.
import ClusterModel
import Forecasting
import Settings
import UsageMetrics

actor PrometheusMetric {
    private static let askedAgain = 3

    private let client: PrometheusClient
    private let settings: PrometheusSettings
    private let step: Duration
    private let history: Duration
    /// Nil before the first answer. Its end is how far was asked.
    private(set) var series: LoadSeries?

    init(_ settings: PrometheusSettings, step: Duration, history: Duration, timeout: Duration) {
        var configuration = PrometheusClient.Configuration()
        configuration.timeout = timeout
        client = PrometheusClient(
            url: settings.url, credential: settings.credential.map(PrometheusClient.Credential.init),
            configuration: configuration)
        self.settings = settings
        self.step = step
        self.history = history
    }

    func refresh(at now: Timestamp) async throws {
        let oldest = now - history
        let from = series.map { max(oldest, $0.end - step * Self.askedAgain) } ?? oldest
        for range in QueryRange.parts(from: from, to: now, step: step) {
            let part = try await client.values(settings.query, range)
            put(part ?? LoadSeries(start: range.start, step: step, values: Array(repeating: .nan, count: range.points)))
        }
        series = series.map { $0.window(from: max($0.start, oldest), to: $0.end) }
        guard (series?.presentCount ?? 0) > 0 else {
            throw UsageMetricsError(
                .noData,
                "\(settings.url), query `\(settings.query.prefix(200))`: nothing since \(oldest): is the metric's name "
                    + "right, and is it scraped?")
        }
    }

    /// A part begins within what is known or at its end, and replaces what it covers.
    private func put(_ part: LoadSeries) {
        guard let known = series, known.start <= part.start, part.start <= known.end else {
            series = part
            return
        }
        let before = known.window(from: known.start, to: part.start).values
        series = LoadSeries(start: known.start, step: step, values: before + part.values)
    }
}

extension PrometheusClient.Credential {
    fileprivate init(_ credential: PrometheusSettings.Credential) {
        switch credential {
        case .basic(let user, let password): self = .basic(user: user, password: password)
        case .bearer(let token): self = .bearer(token: token)
        }
    }
}
