// What one instance executes, from one snapshot of pg_stat_statements to the next.
import ClusterModel
import UsageMetrics

actor InstanceStatements {
    private let reader: StatementReader
    private var last: StatementSnapshot?
    private(set) var series: StatementSeries
    private(set) var shapes = StatementShapes()

    init(_ instance: Instance, series: StatementSeries, deadline: Duration) {
        reader = StatementReader(instance, deadline: deadline)
        self.series = series
    }

    func refresh(at now: Timestamp) async throws {
        // A second forecast of the same moment has nothing to add.
        if let last, last.at >= now { return }
        let (snapshot, texts) = try await reader.read(at: now, textsOf: shapes.withoutText)
        shapes.name(texts)
        defer { last = snapshot }
        guard let interval = last.flatMap({ snapshot.interval(since: $0) }) else { return }
        series.add(interval)
        shapes.add(interval)
    }
}
