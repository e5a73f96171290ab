import ClusterModel

/// One shape of an instance: its text as PostgreSQL normalises it, and what it was executed since Foreshard looks.
package struct StatementShapeUsage: Sendable, Equatable {
    package let text: String
    package let calls: Double
    package let seconds: Double
}

/// The shapes that an instance spends most time on. Bounded: the least are forgotten, so a shape that returns starts
/// from nothing.
package struct StatementShapes: Sendable {
    /// Shapes that are reported.
    package let shapesMax: Int
    private var totals: [StatementKey: StatementCounters] = [:]
    private var texts: [StatementKey: String] = [:]

    package init(shapesMax: Int = 50) { self.shapesMax = shapesMax }

    package mutating func add(_ interval: StatementInterval) {
        for (key, counters) in interval.executed { totals[key, default: .zero] += counters }
        // Ten times what is reported, so that one that rises slowly is not forgotten each time.
        guard totals.count > 10 * shapesMax else { return }
        totals = Dictionary(uniqueKeysWithValues: ranked(10 * shapesMax))
        texts = texts.filter { totals[$0.key] != nil }
    }

    private func ranked(_ count: Int) -> [(StatementKey, StatementCounters)] {
        totals.sorted { ($0.value.seconds, $1.key.query) > ($1.value.seconds, $0.key.query) }.prefix(count)
            .map { ($0.key, $0.value) }
    }

    /// The shapes to be reported whose text is not known yet.
    package var withoutText: [StatementKey] { ranked(shapesMax).map(\.0).filter { texts[$0] == nil } }

    /// Takes notice of texts; those of shapes that are not kept are left out.
    package mutating func name(_ found: [StatementKey: String]) {
        for (key, text) in found where totals[key] != nil { texts[key] = text }
    }

    /// The ones that took most time first.
    package var top: [StatementShapeUsage] {
        ranked(shapesMax).map { key, counters in
            StatementShapeUsage(
                text: texts[key] ?? "query \(key.query)", calls: counters.calls, seconds: counters.seconds)
        }
    }
}
