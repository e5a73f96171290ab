import ClusterModel
import Foundation
import GRDB
import Testing

@testable import History

/// Blocks, packing, and files of the schema before them.
@Suite struct BlockTests {
    private func rows(_ generator: inout SplitMix) -> [(key: Int, row: UsageRow)] {
        let keys = (0..<UsageBlock.keyLimit).filter { _ in Int.random(in: 0..<3, using: &generator) > 0 }
        let isFlat = Bool.random(using: &generator)
        return keys.map { key in
            var row = UsageRow(segment: 7, start: noon + .seconds(key), coveredMilliseconds: 10_000, isImported: false)
            guard !isFlat else { return (key, row) }
            row.isImported = Bool.random(using: &generator)
            row.coveredMilliseconds = Int64.random(in: 0...10_000, using: &generator)
            row.busy = Int64.random(in: .min ... .max, using: &generator)
            row.offered = row.busy &+ Int64.random(in: -5...5, using: &generator)
            row.waiting = Int64.random(in: 0...1000, using: &generator)
            row.statements = Int64(key) * 1000
            row.rows = Int64.random(in: 0...1_000_000, using: &generator)
            row.bytes = .max
            row.errors = Int64.random(in: 0...1, using: &generator)
            var latencies = LatencyHistogram()
            latencies.record(seconds: Double.random(in: 0...1, using: &generator))
            row.latency = LatencyBlob.encode(latencies)
            return (key, row)
        }
    }

    private func decode(_ bytes: [UInt8]) throws -> [(key: Int, row: UsageRow)] {
        try bytes.withUnsafeBytes { try UsageBlock.decode($0) { (7, noon + .seconds($0)) } }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func comesBackAsItWas(seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        let rows = rows(&generator)
        let decoded = try decode(UsageBlock.encode(rows))
        #expect(decoded.map(\.key) == rows.map(\.key))
        #expect(decoded.map(\.row) == rows.map(\.row))
    }

    @Test func nothingIsABlockToo() throws {
        let decoded = try decode(UsageBlock.encode([]))
        #expect(decoded.isEmpty)
    }

    /// Whatever happens to the bytes, decoding answers or throws; what is cut short always throws.
    @Test func damageIsAnErrorAndNeverATrap() throws {
        var generator = SplitMix(state: 3)
        let whole = UsageBlock.encode(Array(rows(&generator).prefix(40)))
        for length in 0..<whole.count {
            #expect(throws: HistoryError.self) { try decode(Array(whole[..<length])) }
        }
        #expect(throws: HistoryError.self) { try decode(whole + [0]) }
        #expect(throws: HistoryError.self) { try decode([2] + whole.dropFirst()) }
        for _ in 0..<5000 {
            var damaged = whole
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                damaged[Int.random(in: damaged.indices, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            let count = (try? decode(damaged))?.count ?? 0
            #expect(count <= UsageBlock.keyLimit)
        }
        let huge: [UInt8] = [1, 1, 0] + Array(repeating: 0xFF, count: 9) + [1]
        let error = #expect(throws: HistoryError.self) { try decode(huge) }
        #expect(error?.code == .corruptBlock)
    }

    @Test func packingChangesNothingThatIsReadButLatenciesOfLongSteps() throws {
        try withHistory { history, _ in
            let day = 86400
            let records = (0..<288).flatMap { step in
                (0..<3).map { record(SegmentID("s\($0)"), step * 300, busy: Double(step % 7 + $0), latency: 0.002) }
            }
            try history.append(records, step: .seconds(300))
            let end = noon + .seconds(4 * day)
            let before = try (0..<3).map {
                try history.usage(of: SegmentID("s\($0)"), step: .seconds(300), from: noon, to: noon + .seconds(day))
            }
            for _ in 0..<3 { try history.append([record("s0", 3 * day, busy: 1)], step: .seconds(300)) }
            #expect(try history.count("chunk") == 6)
            #expect(try history.count("page") == 1 + 24)
            let after = try (0..<3).map {
                try history.usage(of: SegmentID("s\($0)"), step: .seconds(300), from: noon, to: noon + .seconds(day))
            }
            #expect(
                before.allSatisfy { $0.contains { $0.usage.latency.total > 0 } }, "part of the day is in pages still")
            #expect(after == before.map { $0.map(withoutLatencies) })
            let loads = try history.loads(step: .seconds(300), from: noon, to: end)
            let expected: [Double] = (0..<288).map { (step: Int) -> Double in Double(step % 7 + 2) / 300 }
            #expect(loads["s2"]?.values == expected)
            let part = try history.loads(step: .seconds(300), from: noon + .seconds(601), to: noon + .seconds(1201))
            #expect(part["s2"]?.values == [5.0 / 300, 6.0 / 300])
        }
    }

    @Test func lateRecordsCorrectWhatIsPacked() throws {
        try withHistory { history, _ in
            let step = Duration.seconds(300)
            try history.append((0..<24).map { record("a", $0 * 300, busy: 30) }, step: step)
            for _ in 0..<3 { try history.append([record("a", 3 * 86400, busy: 1)], step: step) }
            #expect(try history.count("chunk") == 1)
            for count in 1...3 {
                try history.append([record("a", 600, busy: 1)], step: step)
                let usage = try history.usage(of: "a", step: step, from: noon, to: noon + .seconds(7200))
                let busy: [Double] = usage.map(\.usage.busySeconds)
                #expect(Array(busy[1...3]) == [30.0, 30.0 + Double(count), 30.0])
                let hours = try history.usage(of: "a", step: .seconds(3600), from: noon, to: noon + .seconds(7200))
                let sums: [Double] = hours.map(\.usage.busySeconds)
                #expect(sums == [360.0 + Double(count), 360.0])
            }
            try history.append([record("b", 600, busy: 1)], step: step)
            #expect(try history.usage(of: "b", step: step, from: noon, to: noon + .seconds(7200)).count == 1)
            #expect(try history.latestUsage(step: step)["a"]?.start == noon + .seconds(3 * 86400))
        }
    }

    @Test func aDamagedBlockIsAnErrorThatSaysWhatToDo() throws {
        try withHistory { history, _ in
            try history.append([record("a", 0, busy: 1)], step: .seconds(10))
            try history.database.write { try $0.execute(sql: "UPDATE page SET block = x'07'") }
            let error = #expect(throws: HistoryError.self) {
                try history.loads(step: .seconds(10), from: noon, to: noon + .seconds(60))
            }
            #expect(error?.code == .corruptBlock)
            #expect(error?.description.contains("backup") == true)
        }
    }

    @Test func aPrunedTimeIsNotSummedFromWhatIsLeft() throws {
        try withHistory { history, _ in
            try history.append((0..<31).map { record("a", $0 * 10, busy: 1) }, step: .seconds(10))
            try history.prune(at: noon + .seconds(12 * 3600))
            let outcome = try history.append([record("a", 20, busy: 1)], step: .seconds(10))
            #expect(outcome == AppendOutcome(added: 0, tooLate: 1))
            let minutes = try history.usage(of: "a", step: .seconds(60), from: noon, to: noon + .seconds(300))
            #expect(minutes.map(\.usage.busySeconds) == [6, 6, 6, 6, 6])
        }
    }

    @Test func aFileOfRowsIsCarriedOver() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("history-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("history.sqlite").path
        let old = try DatabaseQueue(path: path)
        try HistorySchema.migrator.migrate(old, upTo: "1: usage by segment, resolution and time")
        var latencies = LatencyHistogram()
        latencies.record(seconds: 0.01)
        try old.write { database in
            try database.execute(sql: "INSERT INTO segment VALUES (1, 'a'), (2, 'b')")
            for step in 0..<600 {
                try database.execute(
                    sql: "INSERT INTO usage VALUES (300, ?, ?, 300, 3, 5, 700, 1, 1.25, 1.5, 0.5, ?)",
                    arguments: [
                        1 + step % 2, (noon + .seconds(step * 300)).milliseconds, Data(LatencyBlob.encode(latencies)),
                    ]
                )
            }
            try database.execute(
                sql: "INSERT INTO rollup VALUES (300, ?)", arguments: [(noon + .seconds(600 * 300)).milliseconds])
        }
        try old.close()
        let history = try HistoryStore(path: path)
        let end = noon + .seconds(600 * 300)
        let usage = try history.usage(of: "b", step: .seconds(300), from: noon, to: end)
        #expect(usage.map(\.start) == (0..<300).map { noon + .seconds(($0 * 2 + 1) * 300) })
        var expected = SegmentUsage()
        expected.statements = 3
        expected.rows = 5
        expected.bytes = 700
        expected.errors = 1
        expected.busySeconds = 1.25
        expected.offeredSeconds = 1.5
        expected.waitingSeconds = 0.5
        #expect(usage.allSatisfy { withoutLatencies($0).usage == expected })
        let hours = try history.usage(of: "a", step: .seconds(3600), from: noon, to: end)
        #expect(hours.map(\.usage.busySeconds) == Array(repeating: 7.5, count: 50))
        #expect(try history.append([record("a", 600 * 300, busy: 1)], step: .seconds(300)).added == 1)
    }
}

private func withoutLatencies(_ record: UsageRecord) -> UsageRecord {
    var usage = record.usage
    usage.latency = LatencyHistogram()
    return UsageRecord(segment: record.segment, start: record.start, usage: usage)
}

extension HistoryStore {
    fileprivate func count(_ table: String) throws -> Int {
        try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") ?? 0 }
    }
}
