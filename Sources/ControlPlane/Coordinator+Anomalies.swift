// Anomalies: written to the audit when they are told, counted, and listed for people.
// Invariant: an onset is written once, however often the same step is forecast from.
import Catalog
import ClusterModel
import Forecasting
import Foundation

extension Coordinator {
    /// Writes down what began since the last forecast.
    func tellAnomalies(of round: ForecastRound) {
        for (segment, forecast) in round.segments.sorted(by: { $0.key < $1.key }) {
            for anomaly in forecast.begun {
                anomaliesTold[anomaly.kind, default: 0] += 1
                audit(
                    Self.anomalyKind,
                    "\(anomaly.kind.rawValue): \(anomaly.explanation) (score \(Load(anomaly.score)))",
                    AnomalyNote(anomaly), segment: segment)
            }
        }
    }

    private static let anomalyKind = "anomaly"

    /// What was told in the last `span`, and all that lasts, of one segment, of the segments of an instance, or of all.
    ///
    /// - Parameter limit: how many of those that are over are shown, the newest.
    /// - Throws: `ClusterError` for a name that is not known.
    package func anomalies(of subject: String?, since span: Duration, limit: Int) async throws -> [AnomalyView] {
        var segments: Set<SegmentID>?
        if let subject { segments = Set(try await self.segments(named: subject)) }
        let wanted = segments
        let isWanted: (SegmentID) -> Bool = { wanted?.contains($0) ?? true }
        return AnomalyView.list(
            told: try toldAnomalies(from: parts.clock.now() - span, limit: limit, isWanted),
            lasting: lastingAnomalies.filter { isWanted($0.segment) }, events: parts.forecaster.schedule.events)
    }

    /// Every kind, also those of which there is none.
    func anomalyCounts() -> [AnomalyCountView] {
        let open = Dictionary(grouping: lastingAnomalies, by: \.anomaly.kind).mapValues(\.count)
        return Anomaly.Kind.allCases.map { kind in
            AnomalyCountView(kind: kind.rawValue, told: anomaliesTold[kind] ?? 0, open: open[kind] ?? 0)
        }
    }

    /// A stale forecast knows of nothing that lasts.
    private var lastingAnomalies: [SegmentAnomaly] {
        guard let round, !round.isStale(at: parts.clock.now(), every: timing.forecastEvery) else { return [] }
        return round.segments.flatMap { segment, forecast in
            forecast.lasting.map { SegmentAnomaly(segment: segment, anomaly: $0) }
        }
    }

    /// Newest first. Records that have not all the numbers are of an older version and passed over.
    private func toldAnomalies(
        from: Timestamp, limit: Int, _ isWanted: (SegmentID) -> Bool
    ) throws -> [SegmentAnomaly] {
        var query = AuditQuery()
        query.kind = Self.anomalyKind
        query.from = from
        query.limit = AuditQuery.recordsMax
        var found: [SegmentAnomaly] = []
        while found.count < limit {
            let page = try parts.catalog.audit(query)
            found += page.compactMap { record in
                guard let segment = record.entry.segment, isWanted(segment),
                    let details = record.entry.details,
                    let note = try? JSONDecoder().decode(AnomalyNote.self, from: Data(details.utf8))
                else { return nil }
                return note.anomaly.map { SegmentAnomaly(segment: segment, anomaly: $0) }
            }
            guard page.count == AuditQuery.recordsMax, let last = page.last else { break }
            query.before = last.id
        }
        return Array(found.prefix(max(limit, 0)))
    }

    private func segments(named name: String) async throws -> [SegmentID] {
        if table.segments.contains(where: { $0.id.text == name }) { return [SegmentID(name)] }
        if let owned = placement[InstanceID(name)] { return owned }
        let members = await parts.pool.allMembers.map(\.id)
        guard (parts.homes.map(\.id) + members).contains(InstanceID(name)) else {
            throw ClusterError(
                "there is no segment or instance \(name): see `foreshard segments` and `foreshard status` for names")
        }
        return []
    }
}
