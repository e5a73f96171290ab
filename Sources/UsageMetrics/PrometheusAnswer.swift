// The body of an answer of Prometheus' HTTP API (prometheus.io/docs/prometheus/latest/querying/api), as far as a range
// query has it.

import ClusterModel
import Forecasting
import Foundation

/// An answer, of success or of failure.
struct PrometheusAnswer: Decodable {
    let status: String
    let errorType: String?
    let error: String?
    let data: Content?

    struct Content: Decodable {
        let resultType: String
        let result: [Series]
    }

    struct Series: Decodable {
        let metric: [String: String]
        /// Absent where every sample is a native histogram.
        let values: [Sample]?
    }

    /// Seconds since 1970, and the value as text: `NaN` and `+Inf` are values too.
    struct Sample: Decodable {
        let seconds: Double
        let value: String

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            seconds = try container.decode(Double.self)
            value = try container.decode(String.self)
        }
    }

    /// Nil for a body that is not of the API.
    init?(_ body: Data) {
        guard let answer = try? JSONDecoder().decode(PrometheusAnswer.self, from: body) else { return nil }
        self = answer
    }

    /// The one series of the answer over `range`; nil when there is none. A sample stands at the end of its step.
    func series(_ range: QueryRange, place: String) throws(UsageMetricsError) -> LoadSeries? {
        guard let data, data.resultType == "matrix" else {
            throw UsageMetricsError(.notPrometheus, "\(place): the answer has no matrix of samples")
        }
        guard data.result.count <= 1 else { throw Self.several(data.result, place) }
        guard let only = data.result.first else { return nil }
        guard let samples = only.values else {
            throw UsageMetricsError(
                .notNumeric, "\(place): the query gives histograms: take one number, as with histogram_quantile(...)")
        }
        var values = [Double](repeating: .nan, count: range.points)
        for sample in samples {
            guard let value = Double(sample.value) else {
                throw UsageMetricsError(.notNumeric, "\(place): `\(sample.value.prefix(40))` is not a number")
            }
            guard let index = range.index(seconds: sample.seconds) else {
                throw UsageMetricsError(.notPrometheus, "\(place): a sample at \(sample.seconds) was not asked for")
            }
            values[index] = value
        }
        return LoadSeries(start: range.start, step: range.step, values: values)
    }

    private static func several(_ series: [Series], _ place: String) -> UsageMetricsError {
        let shown = series.prefix(2).map { series in
            "{" + series.metric.sorted { $0.key < $1.key }.prefix(6).map { "\($0)=\"\($1)\"" }.joined(separator: ", ")
                + "}"
        }
        return UsageMetricsError(
            .severalSeries,
            """
            \(place): the query gives \(series.count) series, such as \(shown.joined(separator: " and ")): \
            a metric is one; select it by its labels, or write sum(...)
            """)
    }
}
