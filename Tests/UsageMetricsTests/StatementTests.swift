import ClusterModel
import Forecasting
import LocalPostgres
import PostgresClient
import TestServers
import Testing

@testable import UsageMetrics

private let start = Timestamp("2024-01-01T00:00:00Z")!
private let step = Duration.seconds(300)

private func key(_ query: String) -> StatementKey { StatementKey(user: "10", query: query) }

private func snapshot(
    minute: Int, _ calls: [String: Double], server: String = "s", reset: String? = "r", evictions: Int? = 0,
    max: Int = 5000
) -> StatementSnapshot {
    let counters = calls.map { (key($0), StatementCounters(calls: $1, seconds: $1 / 10)) }
    return StatementSnapshot(
        at: start + .seconds(60 * minute), serverStart: server, statsReset: reset, evictions: evictions, shapesMax: max,
        counters: Dictionary(uniqueKeysWithValues: counters))
}

private func calls(_ interval: StatementInterval?) -> Double? { interval?.sum.calls }

@Suite struct StatementSnapshotTests {
    private let before = snapshot(minute: 0, ["a": 100, "b": 50])

    @Test func countersAreDifferenced() {
        let interval = snapshot(minute: 5, ["a": 130, "b": 50, "new": 7]).interval(since: before)
        #expect(calls(interval) == 37)
        #expect(interval?.executed[key("b")] == nil)
        #expect(interval?.executed[key("new")]?.calls == 7)
    }

    @Test func aResetLeavesAGapAndNeverAJump() {
        #expect(snapshot(minute: 5, ["a": 30], reset: "later").interval(since: before) == nil)
        #expect(snapshot(minute: 5, ["a": 200, "b": 60], reset: "later").interval(since: before) == nil)
        // Of one shape only: PostgreSQL does not tell.
        #expect(snapshot(minute: 5, ["a": 30, "b": 60]).interval(since: before) == nil)
        #expect(snapshot(minute: 5, ["b": 60]).interval(since: before) == nil)
        let next = snapshot(minute: 10, ["a": 40, "b": 70], reset: "later")
        #expect(calls(next.interval(since: snapshot(minute: 5, ["a": 30, "b": 60], reset: "later"))) == 20)
    }

    @Test func evictionsAreNoReset() {
        #expect(calls(snapshot(minute: 5, ["a": 110], evictions: 1).interval(since: before)) == 10)
        #expect(calls(snapshot(minute: 5, ["a": 110, "b": 3], evictions: 1).interval(since: before)) == 13)
    }

    @Test func beforeVersion14OnlyAFullTableEvicts() {
        let old = snapshot(minute: 0, ["a": 100, "b": 50], reset: nil, evictions: nil, max: 2)
        #expect(calls(snapshot(minute: 5, ["a": 110], reset: nil, evictions: nil, max: 2).interval(since: old)) == 10)
        let roomy = snapshot(minute: 0, ["a": 100, "b": 50], reset: nil, evictions: nil)
        #expect(snapshot(minute: 5, ["a": 110], reset: nil, evictions: nil).interval(since: roomy) == nil)
    }

    @Test func aRestartKeepsTheCountersAndACrashLosesThem() {
        let restarted = snapshot(minute: 5, ["a": 110, "b": 50], server: "t", reset: nil, evictions: nil, max: 2)
        let old = snapshot(minute: 0, ["a": 100, "b": 50], reset: nil, evictions: nil, max: 2)
        #expect(calls(restarted.interval(since: old)) == 10)
        let crashed = snapshot(minute: 5, ["a": 3], server: "t", reset: nil, evictions: nil, max: 2)
        #expect(crashed.interval(since: old) == nil)
    }

    @Test func timeThatStandsStillOrRunsBackIsNoInterval() {
        #expect(before.interval(since: before) == nil)
        #expect(before.interval(since: snapshot(minute: 5, ["a": 0, "b": 0])) == nil)
    }

    /// Whatever happens to the counters, nothing is negative and nothing is more than what was truly executed.
    @Test(arguments: 0..<50 as Range<UInt64>)
    func neverMoreThanHappened(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var (counted, happened): ([String: Double], Double) = ([:], 0)
        var (reset, evictions) = (0, 0)
        var last: StatementSnapshot?
        for minute in 1...40 {
            for _ in 0..<20 {
                switch Int.random(in: 0..<60, using: &generator) {
                case 0: (counted, reset) = ([:], reset + 1)
                case 1: counted[counted.keys.sorted().randomElement(using: &generator) ?? ""] = nil
                case 2 where !counted.isEmpty:
                    counted[counted.keys.sorted().randomElement(using: &generator) ?? ""] = nil
                    evictions += 1
                default:
                    counted["q\(Int.random(in: 0..<6, using: &generator))", default: 0] += 1
                    happened += 1
                }
            }
            let present = snapshot(minute: minute, counted, reset: "\(reset)", evictions: evictions)
            if let last, let interval = present.interval(since: last) {
                #expect(interval.executed.values.allSatisfy { $0.calls > 0 && $0.seconds >= 0 })
                #expect(interval.sum.calls <= happened)
            }
            (last, happened) = (present, 0)
        }
    }
}

@Suite struct StatementSeriesTests {
    private func interval(_ from: Int, _ to: Int, calls: Double) -> StatementInterval {
        StatementInterval(
            start: start + .seconds(from), end: start + .seconds(to),
            executed: [key("a"): StatementCounters(calls: calls, seconds: calls / 100)])
    }

    private func series() -> StatementSeries { StatementSeries(step: step, span: step * 10, intervalMax: step * 2) }

    @Test func intervalsAreSpreadOverTheSteps() {
        var series = series()
        #expect(series.series(through: start) == nil)
        series.add(interval(10, 310, calls: 300))
        series.add(interval(310, 610, calls: 600))
        let read = series.series(through: start + .seconds(620))
        #expect(read?.calls.start == start)
        #expect(read?.calls.values.map { ($0 * 1000).rounded() / 1000 } == [1, 1.967])
        #expect(read?.execution.values.map { ($0 * 1000).rounded() / 1000 } == [0.01, 0.02])
    }

    @Test func whatWasHardlySeenIsMissing() {
        var series = series()
        series.add(interval(200, 400, calls: 200))
        series.add(interval(700, 900, calls: 400))
        series.add(interval(900, 5000, calls: 1e6))
        let values = series.series(through: start + .seconds(5000))?.calls.values ?? []
        #expect(values.map { $0.isNaN } == [true, true, false])
        #expect(values.last == 2)
    }

    @Test func oldStepsAreForgotten() {
        var series = series()
        for number in 0..<100 { series.add(interval(number * 300, number * 300 + 300, calls: 1)) }
        #expect(series.series(through: start + step * 100)?.calls.values.count == 10)
    }

    @Test func shapesAreBounded() {
        var shapes = StatementShapes(shapesMax: 2)
        for number in 0..<1000 {
            let executed = [
                key("q\(number)"): StatementCounters(calls: 1, seconds: 1),
                key("often"): StatementCounters(calls: 1, seconds: 0.5),
            ]
            shapes.add(StatementInterval(start: start, end: start + step, executed: executed))
            if number == 1 { shapes.name([key("often"): "SELECT $1", key("unknown"): "x"]) }
        }
        #expect(shapes.top.count == 2)
        #expect(shapes.top.first?.text == "SELECT $1")
        #expect(shapes.top.first?.calls == 1000)
        #expect(shapes.withoutText.count == 1)
    }
}

@Suite struct StatementLayoutTests {
    @Test func oldColumnsHaveOldNames() {
        let old = StatementLayout(schema: "Odd", hasInfo: false, columns: "userid,dbid,queryid,query,calls,total_time")
        #expect(old.countersQuery(limit: 9).contains("SELECT userid, queryid, true, calls, total_time FROM \"Odd\"."))
        #expect(!old.infoQuery.contains("stats_reset"))
        let new = StatementLayout(schema: "public", hasInfo: true, columns: "toplevel,queryid,total_exec_time")
        #expect(new.countersQuery(limit: 9).contains("toplevel, calls, total_exec_time"))
        #expect(new.textsQuery(queries: ["1", "x'"], textMax: 5).contains("IN ('1', 'x''')"))
    }
}

@Suite struct LiveStatementTests {
    private func instance(_ endpoint: Endpoint) -> Instance {
        Instance(id: "home-1", role: .home, zone: "a", endpoint: endpoint, capacity: Load(1), costPerHour: 1)
    }

    @Test func countsWhatAServerExecutes() async throws {
        var settings = ServerSettings.forTests
        settings.additional["shared_preload_libraries"] = "pg_stat_statements"
        try await withServer(settings) { endpoint in
            let reader = StatementReader(instance(endpoint))
            let error = await #expect(throws: UsageMetricsError.self) { _ = try await reader.read(at: start) }
            #expect(error?.code == .extensionMissing)
            #expect(error?.description.contains("CREATE EXTENSION pg_stat_statements") == true)

            let connection = try await PostgresConnection.connect(to: endpoint)
            try await connection.query("CREATE SCHEMA \"Odd\"; CREATE EXTENSION pg_stat_statements SCHEMA \"Odd\"")
            try await connection.query("CREATE TABLE visits (id bigint)")
            let before = try await reader.read(at: start).snapshot
            for number in 0..<17 { try await connection.query("INSERT INTO visits VALUES (\(number))") }
            let after = try await reader.read(at: start + step).snapshot
            let interval = try #require(after.interval(since: before))
            let (most, counters) = try #require(interval.executed.max { $0.value.calls < $1.value.calls })
            #expect(counters.calls == 17 && counters.seconds > 0)
            let texts = try await reader.read(at: start + step, textsOf: [most]).texts
            #expect(texts == [most: "INSERT INTO visits VALUES ($1)"])

            try await connection.query("SELECT \"Odd\".pg_stat_statements_reset()")
            let reset = try await reader.read(at: start + step * 2).snapshot
            #expect(reset.interval(since: after) == nil)
            try await connection.query("INSERT INTO visits VALUES (1)")
            let counting = try await reader.read(at: start + step * 3).snapshot
            #expect(counting.interval(since: reset)?.executed[most]?.calls == 1)

            try await connection.query("CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA \"Odd\" TO reader")
            let poor = Endpoint(
                host: endpoint.host, port: endpoint.port, database: endpoint.database, user: "reader", password: nil)
            let refusal = await #expect(throws: UsageMetricsError.self) {
                _ = try await StatementReader(instance(poor)).read(at: start)
            }
            #expect(refusal?.code == .notPermitted)
            #expect(refusal?.description.contains("GRANT pg_read_all_stats TO \"reader\"") == true)
            await connection.close()
        }
    }

    @Test func aServerWithoutTheLibrarySaysHowToLoadIt() async throws {
        try await withServer { endpoint in
            let connection = try await PostgresConnection.connect(to: endpoint)
            try await connection.query("CREATE EXTENSION pg_stat_statements")
            await connection.close()
            let error = await #expect(throws: UsageMetricsError.self) {
                _ = try await StatementReader(instance(endpoint)).read(at: start)
            }
            #expect(error?.code == .extensionMissing)
            #expect(error?.description.contains("shared_preload_libraries") == true)
        }
    }
}
