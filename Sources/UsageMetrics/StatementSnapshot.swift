// What pg_stat_statements had counted at one moment, and what happened between two moments. Its counters only grow,
// until somebody resets them, a crash loses them, or too many shapes evict those that were used least.
//
// Invariant: a difference is never negative and holds nothing that was counted before the earlier snapshot. Where
// counting was interrupted there is no difference at all.

import ClusterModel

/// One row of pg_stat_statements, as the server tells them apart within a database.
package struct StatementKey: Hashable, Sendable {
    package let user: String
    package let query: String
    /// False for a statement that a function ran; always true before PostgreSQL 14.
    package let isTopLevel: Bool

    package init(user: String, query: String, isTopLevel: Bool = true) {
        self.user = user
        self.query = query
        self.isTopLevel = isTopLevel
    }
}

/// How often a shape was executed, and for how long in all.
package struct StatementCounters: Hashable, Sendable {
    package var calls: Double
    package var seconds: Double

    package static let zero = StatementCounters(calls: 0, seconds: 0)

    package init(calls: Double, seconds: Double) {
        self.calls = calls
        self.seconds = seconds
    }

    package static func += (a: inout StatementCounters, b: StatementCounters) {
        a.calls += b.calls
        a.seconds += b.seconds
    }
}

/// The counters of one database at one moment.
package struct StatementSnapshot: Sendable {
    package let at: Timestamp
    /// When the server started.
    package let serverStart: String
    /// When all counters were last set to zero, and how often shapes were evicted; nil before PostgreSQL 14.
    package let statsReset: String?
    package let evictions: Int?
    /// `pg_stat_statements.max`.
    package let shapesMax: Int
    package let counters: [StatementKey: StatementCounters]

    package init(
        at: Timestamp, serverStart: String, statsReset: String?, evictions: Int?, shapesMax: Int,
        counters: [StatementKey: StatementCounters]
    ) {
        self.at = at
        self.serverStart = serverStart
        self.statsReset = statsReset
        self.evictions = evictions
        self.shapesMax = shapesMax
        self.counters = counters
    }
}

/// What was executed between two snapshots, by shape.
package struct StatementInterval: Sendable, Equatable {
    package let start: Timestamp
    package let end: Timestamp
    package let executed: [StatementKey: StatementCounters]

    package init(start: Timestamp, end: Timestamp, executed: [StatementKey: StatementCounters]) {
        self.start = start
        self.end = end
        self.executed = executed
    }

    package var sum: StatementCounters { executed.values.reduce(into: .zero) { $0 += $1 } }
}

extension StatementSnapshot {
    /// Before PostgreSQL 14 nothing counts evictions: they are possible where the table is nearly full.
    private static let nearlyFull = 0.9

    /// Nil when the counters were interrupted: set to zero, all or some, or lost with a crash.
    package func interval(since before: StatementSnapshot) -> StatementInterval? {
        guard at > before.at, statsReset == before.statsReset else { return nil }
        let mayHaveEvicted = hasEvicted(since: before)
        var executed: [StatementKey: StatementCounters] = [:]
        for (key, counters) in counters {
            guard let old = before.counters[key] else {
                // The row was made after the earlier snapshot, so all that it has counted happened since.
                executed[key] = counters
                continue
            }
            if counters.calls >= old.calls, counters.seconds >= old.seconds {
                let (calls, seconds) = (counters.calls - old.calls, counters.seconds - old.seconds)
                if calls > 0 { executed[key] = StatementCounters(calls: calls, seconds: seconds) }
            } else {
                // Evicted and made anew, it has counted since then only. Otherwise somebody has reset it.
                guard mayHaveEvicted else { return nil }
                executed[key] = counters
            }
        }
        guard mayHaveEvicted || before.counters.keys.allSatisfy({ counters[$0] != nil }) else { return nil }
        return StatementInterval(start: before.at, end: at, executed: executed)
    }

    private func hasEvicted(since before: StatementSnapshot) -> Bool {
        // A restart may have lost all of them.
        guard let evictions, let old = before.evictions else {
            let isFull = Double(before.counters.count) >= Self.nearlyFull * Double(before.shapesMax)
            return isFull && serverStart == before.serverStart
        }
        return evictions != old
    }
}
