import ClusterModel
import Forecasting
import Foundation
import LocalPostgres
import TestServers
import Testing

@testable import UsageMetrics

private let start = Timestamp("2024-01-01T00:00:00Z")!
private let minute = Duration.seconds(60)
private let range = QueryRange(start: start, points: 2, step: minute)

private func codeOf(_ body: () async throws -> Void) async -> UsageMetricsError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? UsageMetricsError)?.code
    }
}

private func quick(_ url: String, _ credential: PrometheusClient.Credential? = nil) -> PrometheusClient {
    var configuration = PrometheusClient.Configuration()
    configuration.pause = .milliseconds(1)
    configuration.answerBytesMax = 10_000
    return PrometheusClient(url: url, credential: credential, configuration: configuration)
}

private func matrix(_ series: String) -> FakePrometheus.Answer {
    .body(.ok, #"{"status":"success","data":{"resultType":"matrix","result":[\#(series)]}}"#)
}

@Suite struct QueryRangeTests {
    @Test func partsMeetAndNoneIsTooLong() {
        let end = start + minute * 25_000
        let parts = QueryRange.parts(from: start + .seconds(1), to: end + .seconds(59), step: minute)
        #expect(parts.map(\.points) == [10_000, 10_000, 4999])
        #expect(parts.first?.start == start + minute)
        #expect(parts.last?.end == end)
        #expect(zip(parts, parts.dropFirst()).allSatisfy { $0.end == $1.start })
        #expect(QueryRange.parts(from: end, to: end, step: minute).isEmpty)
        #expect(QueryRange.parts(from: end, to: start, step: minute).isEmpty)
    }

    @Test func samplesStandAtTheEndOfTheirStep() {
        #expect(range.index(seconds: start.seconds + 60) == 0)
        #expect(range.index(seconds: start.seconds + 120) == 1)
        for seconds in [start.seconds, start.seconds + 180, start.seconds + 90, .infinity, .nan] {
            #expect(range.index(seconds: seconds) == nil)
        }
    }
}

@Suite struct PrometheusClientTests {
    @Test func valuesStandInTheirStepsAndGapsAreMissing() async throws {
        let sample = "[\(Int(start.seconds) + 120),\"2.5\"]"
        try await FakePrometheus.with([matrix(#"{"metric":{},"values":[\#(sample)]}"#)]) { fake, url in
            let values = try await quick(url + "/").values("sum(a{b=\"ü\"})", range)?.values
            #expect(values?.count == 2 && values?[0].isNaN == true && values?[1] == 2.5)
            #expect(fake.requests.map(\.uri) == ["/api/v1/query_range"])
            let body = fake.requests[0].body
            #expect(body.contains("query=sum%28a%7Bb%3D%22%C3%BC%22%7D%29&"))
            #expect(body.contains("start=1704067260.000&end=1704067320.000&step=60.000"))
        }
    }

    @Test func notANumberIsMissingAndNotZero() async throws {
        let samples = "[\(Int(start.seconds) + 60),\"NaN\"],[\(Int(start.seconds) + 120),\"+Inf\"]"
        try await FakePrometheus.with([matrix(#"{"metric":{},"values":[\#(samples)]}"#)]) { _, url in
            let values = try await quick(url).values("a", range)
            #expect(values?.presentCount == 0)
        }
    }

    @Test func credentialsGoIntoTheHeaderAndNowhereElse() async throws {
        let refusal = FakePrometheus.Answer.body(.unauthorized, "Unauthorized")
        for (credential, header) in [
            (.basic(user: "u", password: "secret"), "Basic dTpzZWNyZXQ="), (.bearer(token: "secret"), "Bearer secret"),
        ] as [(PrometheusClient.Credential, String)] {
            try await FakePrometheus.with([refusal]) { fake, url in
                let error = await #expect(throws: UsageMetricsError.self) {
                    _ = try await quick(url, credential).values("a", range)
                }
                #expect(error?.code == .refused(status: 401))
                #expect(error?.description.contains("credentials") == true)
                #expect(error?.description.contains("secret") == false)
                #expect(fake.requests.map { $0.headers["authorization"] } == [[header]])
            }
        }
    }

    @Test func onlyWhatMayPassIsAskedAgain() async throws {
        let fine = matrix("")
        for (answers, asked, code) in [
            ([.body(.serviceUnavailable, ""), .body(.tooManyRequests, ""), fine], 3, nil),
            ([.body(.badGateway, "")], 3, .refused(status: 502)),
            ([.body(.badRequest, ""), fine], 1, .refused(status: 400)),
            ([.body(.internalServerError, ""), fine], 1, .refused(status: 500)),
        ] as [([FakePrometheus.Answer], Int, UsageMetricsError.Code?)] {
            try await FakePrometheus.with(answers) { fake, url in
                let met = await codeOf { _ = try await quick(url).values("a", range) }
                #expect(met == code)
                #expect(fake.requests.count == asked)
            }
        }
    }

    @Test(
        arguments: [
            ("<html>hello</html>", .notPrometheus), ("", .notPrometheus), ("{}", .notPrometheus),
            (#"{"status":"success"}"#, .notPrometheus),
            (#"{"status":"error","errorType":"execution","error":"odd"}"#, .notPrometheus),
            (#"{"status":"success","data":{"resultType":"vector","result":[]}}"#, .notPrometheus),
            (
                #"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"1"]]}]}}"#,
                .notPrometheus
            ),
            (
                #"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1704067260,"x"]]}]}}"#,
                .notNumeric
            ),
            (
                #"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"histograms":[]}]}}"#,
                .notNumeric
            ),
            (
                #"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"1"},"values":[]},{"metric":{"a":"2"},"values":[]}]}}"#,
                .severalSeries
            ),
            (String(repeating: "x", count: 20_000), .tooLarge),
        ] as [(String, UsageMetricsError.Code)])
    func strangeAnswersAreErrors(body: String, code: UsageMetricsError.Code) async throws {
        try await FakePrometheus.with([.body(.ok, body)]) { _, url in
            let met = await codeOf { _ = try await quick(url).values("a", range) }
            #expect(met == code)
        }
    }

    @Test func aServerThatHangsIsGivenUp() async throws {
        try await FakePrometheus.with([.silence]) { _, url in
            var configuration = PrometheusClient.Configuration()
            configuration.timeout = .milliseconds(50)
            let client = PrometheusClient(url: url, configuration: configuration)
            let met = await codeOf { _ = try await client.values("a", range) }
            #expect(met == .timedOut)
        }
    }

    @Test func nobodyThere() async throws {
        let port = try LoopbackPort.free()
        let met = await codeOf { _ = try await quick("http://127.0.0.1:\(port)").values("a", range) }
        #expect(met == .unreachable)
        let nonsense = await codeOf { _ = try await quick("nonsense").values("a", range) }
        #expect(nonsense == .unreachable)
    }
}

@Suite struct LivePrometheusTests {
    /// Every minute of two days, but for an hour of the second.
    private static func samples() -> String {
        var text = "# TYPE queue_length gauge\n"
        for host in ["a", "b"] {
            for index in 0...2 * 1440 where !(1500..<1560).contains(index) {
                text += "queue_length{host=\"\(host)\"} \(index) \(Int(start.seconds) + 60 * index)\n"
            }
        }
        return text
    }

    @Test func readsWhatPrometheusHas() async throws {
        try await withPrometheus(Self.samples()) { url in
            let client = PrometheusClient(url: url)
            let quarter = minute / 4
            let end = start + minute * 2 * 1440
            let series = try await client.series("sum(queue_length)", from: start, to: end, step: quarter)
            #expect(series.values.count == 11_520)  // more than Prometheus gives at once
            #expect(series.start == start && series.end == end)
            #expect(series.values[0] == 0 && series.values[3] == 2 && series.values.last == Double(2 * 2 * 1440))
            // The last value counts for five minutes; then nothing is known.
            #expect(series[start + minute * 1502] == 2998.0)
            #expect(series[start + minute * 1510] == nil)
            #expect(series.presentCount > 4 * (2 * 1440 - 70))

            let coarse = try await client.series(
                "max_over_time(queue_length{host=\"a\"}[5m])", from: start, to: end, step: minute * 5)
            #expect(coarse.values[10] == 55)

            for (query, code, text) in [
                ("queue_length", .severalSeries, "{__name__=\"queue_length\", host=\"a\"}"),
                ("nothing_of_the_kind", .noData, "scraped"),
                ("sum(", .refused(status: 400), "bad_data: "),
                ("\"text\"", .refused(status: 400), "bad_data: "),
            ] as [(String, UsageMetricsError.Code, String)] {
                let error = await #expect(throws: UsageMetricsError.self) {
                    _ = try await client.series(query, from: start, to: end, step: minute * 5)
                }
                #expect(error?.code == code)
                #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
            }
        }
    }
}
