import ClusterModel
import History
import LogImport

/// Usage from logs, into the history that `serve` uses and forecasts learn from.
struct HistorySink: ImportSink {
    let history: HistoryStore

    func progress(of source: String) throws -> SourceProgress? {
        try history.importSource(named: source).map {
            SourceProgress(name: $0.name, position: $0.position, state: $0.state)
        }
    }

    func add(_ records: [UsageRecord], step: Duration, from source: SourceProgress) throws -> StoredUsage {
        let outcome = try history.importUsage(
            records, step: step,
            from: ImportSource(name: source.name, position: source.position, state: source.state))
        return StoredUsage(added: outcome.added, leftAlone: outcome.leftAlone, tooLate: outcome.tooLate)
    }
}
