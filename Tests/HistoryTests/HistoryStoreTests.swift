import ClusterModel
import Forecasting
import Foundation
import Testing

@testable import History

/// Runs `body` with a history in a temporary file.
func withHistory<Result>(
    retention: HistoryStore.Retention = .init(),
    _ body: (HistoryStore, String) throws -> Result
) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("history-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("history.sqlite").path
    return try body(try HistoryStore(path: path, retention: retention), path)
}

let noon = Timestamp("1998-06-30T12:00:00Z")!

func record(_ segment: SegmentID, _ second: Int, busy: Double, latency: Double? = nil) -> UsageRecord {
    var usage = SegmentUsage()
    usage.statements = busy > 0 ? 3 : 0
    usage.rows = 5
    usage.bytes = 700
    usage.errors = 1
    usage.busySeconds = busy
    usage.offeredSeconds = busy
    usage.waitingSeconds = busy / 2
    if let latency { usage.latency.record(seconds: latency) }
    return UsageRecord(segment: segment, start: noon + .seconds(second), usage: usage)
}

@Suite struct AppendTests {
    @Test func recordsOfOneSegmentAndStartAddUp() throws {
        try withHistory { history, _ in
            try history.append([record("a", 0, busy: 1, latency: 0.01)], step: .seconds(10))
            try history.append([record("a", 0, busy: 2, latency: 0.02)], step: .seconds(10))
            let usage = try #require(try history.latestUsage(step: .seconds(10))["a"]).usage
            #expect(usage.busySeconds == 3)
            #expect(usage.statements == 6)
            #expect(usage.rows == 10)
            #expect(usage.bytes == 1400)
            #expect(usage.errors == 2)
            #expect(usage.waitingSeconds == 1.5)
            #expect(usage.latency.total == 2)
            let load = try history.loads(step: .seconds(10), from: noon, to: noon + .seconds(60))["a"]
            #expect(load?.values == [0.3])
        }
    }

    @Test func windowsAreWrittenWhenTheyClose() throws {
        try withHistory { history, _ in
            let seconds = stride(from: 0, to: 300, by: 10)
            for second in seconds {
                let answer1 = try history.loads(step: .seconds(300), from: noon, to: noon + .seconds(300))
                #expect(answer1.isEmpty)
                try history.append([record("a", second, busy: 5, latency: 0.001)], step: .seconds(10))
            }
            let minutes = try history.loads(step: .seconds(60), from: noon, to: noon + .seconds(300))["a"]
            #expect(minutes?.values == Array(repeating: 0.5, count: 5))
            let five = try history.usage(of: "a", step: .seconds(300), from: noon, to: noon + .seconds(300))
            #expect(five.map(\.usage.busySeconds) == [150])
            #expect(five.first?.usage.latency.total == 30)
        }
    }

    @Test func aLateRecordIsSummedIntoItsClosedWindows() throws {
        try withHistory { history, _ in
            try history.append((0..<31).map { record("a", $0 * 10, busy: 1) }, step: .seconds(10))
            try history.append([record("a", 20, busy: 4)], step: .seconds(10))
            let minutes = try history.usage(of: "a", step: .seconds(60), from: noon, to: noon + .seconds(300))
            #expect(minutes.map(\.usage.busySeconds) == [10, 6, 6, 6, 6])
            let five = try history.usage(of: "a", step: .seconds(300), from: noon, to: noon + .seconds(300))
            #expect(five.map(\.usage.busySeconds) == [34])
        }
    }

    /// Any order and grouping of the same records gives the same rows at every resolution.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func orderAndGroupingDoNotMatter(seed: UInt64) throws {
        var generator = SplitMix(state: seed)
        let segments: [SegmentID] = ["a", "b"]
        var records = [record("a", 910, busy: 1)]
        for tick in 0..<90 {
            let busy = Double(tick % 7) / 4
            for segment in segments { records.append(record(segment, tick * 10, busy: busy, latency: 0.001)) }
        }
        func rows(_ batches: [[UsageRecord]]) throws -> [[UsageRecord]] {
            try withHistory { history, _ in
                for batch in batches { try history.append(batch, step: .seconds(10)) }
                var rows: [[UsageRecord]] = []
                for step in [60, 300] {
                    for segment in segments {
                        let end = noon + .seconds(900)
                        rows.append(try history.usage(of: segment, step: .seconds(step), from: noon, to: end))
                    }
                }
                return rows
            }
        }
        var shuffled = records.shuffled(using: &generator)[...]
        var batches: [[UsageRecord]] = []
        while !shuffled.isEmpty {
            let size = Int.random(in: 1...20, using: &generator)
            batches.append(Array(shuffled.prefix(size)))
            shuffled = shuffled.dropFirst(size)
        }
        #expect(try rows(batches) == rows([records]))
    }

    @Test func zeroIsAZeroAndAGapIsMissing() throws {
        try withHistory { history, _ in
            try history.append(
                [record("a", 0, busy: 2), record("a", 10, busy: 0), record("a", 30, busy: 1)],
                step: .seconds(10)
            )
            let load = try #require(try history.loads(step: .seconds(10), from: noon, to: noon + .seconds(60))["a"])
            #expect(load.values.count == 4)
            #expect(load.values[0] == 0.2)
            #expect(load.values[1] == 0)
            #expect(load.values[2].isNaN)
            #expect(load.values[3] == 0.1)
        }
    }

    @Test func aWindowMeasuredInPartIsTheLoadOfThatPartOrMissing() throws {
        try withHistory { history, _ in
            let half = (0..<4).map { record("a", $0 * 10, busy: 5) }
            let little = [record("a", 60, busy: 5), record("a", 120, busy: 5)]
            try history.append(half + little, step: .seconds(10))
            let load = try #require(try history.loads(step: .seconds(60), from: noon, to: noon + .seconds(300))["a"])
            #expect(load.values[0] == 0.5)
            #expect(load.values[1].isNaN)
        }
    }

    @Test func recordsOlderThanTheRetentionAreCountedAndLeft() throws {
        var retention = HistoryStore.Retention()
        retention.tenSeconds = .seconds(600)
        try withHistory(retention: retention) { history, _ in
            let outcome = try history.append([record("a", 0, busy: 1), record("a", 3600, busy: 1)], step: .seconds(10))
            #expect(outcome == AppendOutcome(added: 1, tooLate: 1))
        }
    }

    @Test func refusesStepsAndStartsThatAreNotKept() throws {
        try withHistory { history, _ in
            #expect(throws: HistoryError.self) { try history.append([], step: .seconds(7)) }
            let error = #expect(throws: HistoryError.self) {
                try history.append([record("a", 3, busy: 1)], step: .seconds(10))
            }
            #expect(error?.code == .offTheGrid)
            let answer2 = try history.loads(step: .seconds(10), from: noon, to: noon + .seconds(60))
            #expect(answer2.isEmpty)
        }
    }
}

@Suite struct StoreTests {
    @Test func importedLoadsComeBackAtEveryCoarserStep() throws {
        try withHistory { history, _ in
            let series = LoadSeries(
                start: noon,
                step: .seconds(60),
                values: [1, 2, .nan, 4, 5, 6, .nan, .nan, .nan, 1]
            )
            #expect(try history.importLoads(["a": series, "b": series.scaled(by: 2)]) == 12)
            let minutes = try history.loads(step: .seconds(60), from: noon, to: noon + .seconds(600))
            #expect(minutes["a"]?.values.map { $0.isNaN ? -1 : $0 } == [1, 2, -1, 4, 5, 6, -1, -1, -1, 1])
            #expect(minutes["b"]?.values.first == 2)
            let five = try history.loads(step: .seconds(300), from: noon, to: noon + .seconds(600))
            #expect(five["a"]?.values == [3])
        }
    }

    @Test func importingTwiceChangesNothing() throws {
        try withHistory { history, _ in
            let series = LoadSeries(start: noon, step: .seconds(300), values: [1, 2, 3])
            for _ in 0..<2 { try history.importLoads(["a": series]) }
            #expect(
                try history.loads(step: .seconds(300), from: noon, to: noon + .seconds(900))["a"]?.values == [1, 2, 3]
            )
        }
    }

    @Test func pruningKeepsWhatEachResolutionKeeps() throws {
        try withHistory { history, _ in
            try history.append((0..<31).map { record("a", $0 * 10, busy: 1) }, step: .seconds(10))
            #expect(try history.prune(at: noon + .seconds(12 * 3600)) == 31)
            let answer3 = try history.loads(step: .seconds(10), from: noon, to: noon + .seconds(600))
            #expect(answer3.isEmpty)
            #expect(try history.loads(step: .seconds(60), from: noon, to: noon + .seconds(600))["a"]?.values.count == 5)
        }
    }

    @Test func aReopenedFileHasWhatWasWritten() throws {
        try withHistory { history, path in
            try history.append([record("a", 0, busy: 1)], step: .seconds(10))
            try history.close()
            let reopened = try HistoryStore(path: path)
            #expect(try reopened.latestUsage(step: .seconds(10))["a"]?.usage.busySeconds == 1)
            try reopened.append([record("a", 300, busy: 1)], step: .seconds(10))
            #expect(try reopened.usage(of: "a", step: .seconds(60), from: noon, to: noon + .seconds(60)).count == 1)
        }
    }

    @Test func anEmptyHistoryAnswersNothing() throws {
        try withHistory { history, _ in
            let answer4 = try history.latestUsage(step: .seconds(60))
            #expect(answer4.isEmpty)
            let answer5 = try history.usage(of: "a", step: .seconds(60), from: noon, to: noon + .seconds(60))
            #expect(answer5.isEmpty)
            #expect(try history.append([], step: .seconds(10)) == AppendOutcome())
        }
    }
}

@Suite struct LatencyBlobTests {
    @Test func roundTrips() throws {
        var generator = SplitMix(state: 5)
        #expect(LatencyBlob.encode(LatencyHistogram()).isEmpty)
        for _ in 0..<200 {
            var counts = [UInt32](repeating: 0, count: LatencyHistogram.bucketCount)
            for _ in 0..<Int.random(in: 1...10, using: &generator) {
                counts[Int.random(in: counts.indices, using: &generator)] = UInt32.random(
                    in: 0...UInt32.max,
                    using: &generator
                )
            }
            guard counts.contains(where: { $0 > 0 }) else { continue }
            let histogram = try #require(LatencyHistogram(counts: counts))
            let decoded = try LatencyBlob.decode(LatencyBlob.encode(histogram))
            #expect(decoded == histogram)
        }
    }

    @Test(
        arguments: [[0x80], [1], [0, 1], [200, 1, 1], [1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], [97, 1]] as [[UInt8]]
    )
    func refusesWhatIsNoHistogram(bytes: [UInt8]) {
        #expect(throws: HistoryError.self) { try LatencyBlob.decode(bytes) }
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
