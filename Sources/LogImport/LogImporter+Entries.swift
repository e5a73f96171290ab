// What one entry means: nothing, a part of a session's story, or a use to be counted.
import ClusterModel

extension LogImporter {
    mutating func take(_ entry: LogEntry, _ reading: inout Reading) {
        report.entries += 1
        report.note(entry.time)
        steps.cover(from: reading.state.newest, to: entry.time)
        reading.state.newest = max(entry.time, reading.state.newest ?? entry.time)
        if let database = databaseBytes, let own = entry.database, !own.equals(database) {
            report.otherDatabases += 1
            return
        }
        switch entry.severity {
        case .log: takeMessage(entry, reading)
        case .error, .fatal: takeFailure(entry, reading)
        case .other: report.asides += 1
        }
    }

    private mutating func takeMessage(_ entry: LogEntry, _ reading: Reading) {
        let (key, time) = (entry.session, entry.time)
        switch LogMessage(entry.message) {
        case .ended(.parse, _, let microseconds):
            // Where it goes is known when it is executed.
            book.ended(
                .parse, PlacedStatement(target: .unsharded), hash: 0, microseconds: microseconds, by: key, at: time)
            report.asides += 1
        case .ended(let phase, let sql, let microseconds):
            let hash = phase == .bind ? sql.storedHash() : 0
            let placed = placer.place(sql, parameters: entry.detail)
            book.ended(phase, placed, hash: hash, microseconds: microseconds, by: key, at: time)
            if phase == .bind { report.asides += 1 }
        case .started(let phase, let sql):
            book.started(
                phase, placer.place(sql, parameters: entry.detail), hash: sql.storedHash(), by: key, at: time)
        case .duration(let microseconds): book.duration(microseconds: microseconds, by: key, at: time)
        case .disconnection:
            report.asides += 1
            book.disconnected(key)
        case .plan:
            report.plans += 1
            return
        case .unreadable:
            report.unreadableDurations.add(1, 0, reading.place)
            return
        case .other:
            report.asides += 1
            return
        }
        count(reading)
    }

    private mutating func takeFailure(_ entry: LogEntry, _ reading: Reading) {
        let sql = entry.statement
        book.failed(
            hash: sql.isEmpty ? nil : sql.storedHash(), by: entry.session, at: entry.time,
            endsSession: entry.severity == .fatal
        ) {
            sql.isEmpty ? nil : placer.place(sql, parameters: entry.context)
        }
        if book.charges.isEmpty { report.asides += 1 }
        count(reading)
    }

    private mutating func count(_ reading: Reading) {
        for charge in book.charges {
            steps.add(charge)
            report.note(charge, segments, at: reading.place)
        }
    }
}
