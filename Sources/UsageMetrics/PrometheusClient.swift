// Asks a Prometheus server for ranges of a query. Every request has a deadline and a bounded answer; only what may be
// better a moment later is asked again, a few times.

import AsyncHTTPClient
import ClusterModel
import Forecasting
import Foundation
import NIOCore
import NIOHTTP1

/// One Prometheus server.
package struct PrometheusClient: Sendable {
    package enum Credential: Sendable, Hashable {
        case basic(user: String, password: String)
        case bearer(token: String)
    }

    package struct Configuration: Sendable {
        /// Of each request.
        package var timeout = Duration.seconds(10)
        package var attemptsMax = 3
        /// Before the second attempt; three times as long before each further one.
        package var pause = Duration.milliseconds(100)
        package var answerBytesMax = 16 << 20

        package init() {}
    }

    /// For the life of the process, as `HTTPClient.shared`; which tries a refused connection again until the deadline.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    private let address: String
    private let credential: Credential?
    private let configuration: Configuration

    /// - Parameter url: `http://127.0.0.1:9090`, with a path where the server is behind a proxy; https is verified TLS.
    package init(url: String, credential: Credential? = nil, configuration: Configuration = Configuration()) {
        address = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.credential = credential
        self.configuration = configuration
    }

    /// The values of `query` at every step within `from ..< to`; missing steps are NaN.
    ///
    /// - Throws: `UsageMetricsError`; `noData` when no step has a value.
    package func series(_ query: String, from: Timestamp, to: Timestamp, step: Duration) async throws -> LoadSeries {
        var whole = LoadSeries(start: from.floored(to: step), step: step, values: [])
        for range in QueryRange.parts(from: from, to: to, step: step) {
            while whole.end < range.start { whole.append(.nan) }
            let part = try await values(query, range)?.values ?? Array(repeating: .nan, count: range.points)
            for value in part { whole.append(value) }
        }
        guard whole.presentCount > 0 else {
            throw UsageMetricsError(
                .noData,
                "\(place(query)): nothing from \(from) to \(to): is the metric's name right, and is it scraped?")
        }
        return whole
    }

    /// One range, which is one request; nil when the answer has no series.
    package func values(_ query: String, _ range: QueryRange) async throws -> LoadSeries? {
        var pause = configuration.pause
        for _ in 1..<max(1, configuration.attemptsMax) {
            do {
                return try await ask(query, range)
            } catch let error as UsageMetricsError where Self.mayPass(error.code) {
                try await Task.sleep(for: pause)
                pause *= 3
            }
        }
        return try await ask(query, range)
    }

    private static func mayPass(_ code: UsageMetricsError.Code) -> Bool {
        switch code {
        case .unreachable: true
        case .refused(let status): [429, 502, 503, 504].contains(status)
        case .timedOut, .notPrometheus, .noData, .severalSeries, .notNumeric, .tooLarge, .extensionMissing,
            .notPermitted:
            false
        }
    }

    private func place(_ query: String) -> String { "\(address), query `\(query.prefix(200))`" }

    private func ask(_ query: String, _ range: QueryRange) async throws -> LoadSeries? {
        let (status, body) = try await answer(request(query, range), query)
        let answer = PrometheusAnswer(body)
        guard (200..<300).contains(status) else {
            let reason = answer.flatMap { answer in answer.error.map { "\(answer.errorType ?? "error"): \($0)" } }
            throw UsageMetricsError(.refused(status: status), "\(place(query)): \(Self.words(status, reason))")
        }
        guard let answer else {
            throw UsageMetricsError(.notPrometheus, "\(place(query)): the answer is not Prometheus': check the address")
        }
        guard answer.status == "success" else {
            throw UsageMetricsError(
                .notPrometheus, "\(place(query)): \(answer.errorType ?? "error"): \(answer.error ?? answer.status)")
        }
        return try answer.series(range, place: place(query))
    }

    private static func words(_ status: Int, _ reason: String?) -> String {
        switch (status, reason) {
        case (_, let reason?): "HTTP \(status): \(reason)"
        case (401, nil), (403, nil): "HTTP \(status): the credentials are missing or wrong"
        case (404, nil): "HTTP 404: there is no Prometheus API; check the address and its path"
        case (_, nil): "HTTP \(status)"
        }
    }

    private func answer(_ request: HTTPClientRequest, _ query: String) async throws -> (status: Int, body: Data) {
        do {
            let deadline = NIODeadline.now() + .nanoseconds(configuration.timeout.wholeMilliseconds * 1_000_000)
            let response = try await Self.http.execute(request, deadline: deadline)
            let body = try await response.body.collect(upTo: configuration.answerBytesMax)
            return (Int(response.status.code), Data(body.readableBytesView))
        } catch let error as HTTPClientError where error == .deadlineExceeded || error == .connectTimeout {
            throw UsageMetricsError(.timedOut, "\(place(query)): no answer within \(configuration.timeout)")
        } catch is NIOTooManyBytesError {
            throw UsageMetricsError(
                .tooLarge, "\(place(query)): the answer has over \(configuration.answerBytesMax) bytes")
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try Task.checkCancellation()
            throw UsageMetricsError(.unreachable, "\(place(query)): cannot ask the server: \(error)")
        }
    }

    private func request(_ query: String, _ range: QueryRange) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: address + "/api/v1/query_range")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
        switch credential {
        case .basic(let user, let password)?:
            let encoded = Data("\(user):\(password)".utf8).base64EncodedString()
            request.headers.add(name: "authorization", value: "Basic \(encoded)")
        case .bearer(let token)?: request.headers.add(name: "authorization", value: "Bearer \(token)")
        case nil: break
        }
        let fields = [
            ("query", query), ("start", Self.seconds(range.start + range.step)), ("end", Self.seconds(range.end)),
            ("step", Self.seconds(Timestamp(milliseconds: range.step.wholeMilliseconds))),
        ]
        let form = fields.map { "\($0)=\(Self.escaped($1))" }.joined(separator: "&")
        request.body = .bytes(ByteBuffer(string: form))
        return request
    }

    /// Exact, unlike a floating-point number.
    private static func seconds(_ time: Timestamp) -> String {
        let fraction = String(time.milliseconds % 1000)
        return "\(time.milliseconds / 1000).\(String(repeating: "0", count: max(0, 3 - fraction.count)))\(fraction)"
    }

    private static func escaped(_ text: String) -> String {
        let plain = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        return text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
    }
}
