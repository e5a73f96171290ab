import ClusterModel
import Foundation
import Testing

@testable import History

/// Usage that comes from elsewhere, beside live measurements.
@Suite struct ImportTests {
    private let source = ImportSource(name: "log of a", position: 10, state: [1, 2])

    @Test func batchesOfOneStepAddUpAndRecordTheirSource() throws {
        try withHistory { history, _ in
            #expect(try history.importSource(named: "log of a") == nil)
            try history.importUsage([record("a", 0, busy: 1)], step: .seconds(10), from: source)
            var later = source
            later.position = 20
            later.state = [3]
            try history.importUsage([record("a", 0, busy: 2)], step: .seconds(10), from: later)
            #expect(try history.importSource(named: "log of a") == later)
            try history.importUsage([], step: .seconds(10), from: ImportSource(name: "b"))
            #expect(try history.importSources() == [ImportSource(name: "b"), later])
            let load = try history.loads(step: .seconds(10), from: noon, to: noon + .seconds(60))["a"]
            #expect(load?.values == [0.3])
        }
    }

    @Test func aLiveMeasurementWinsBeforeAndAfter() throws {
        try withHistory { history, _ in
            try history.importUsage(
                [record("a", 0, busy: 8), record("a", 10, busy: 8)], step: .seconds(10), from: source)
            try history.append([record("a", 0, busy: 1)], step: .seconds(10))
            let records = [record("a", 0, busy: 4), record("a", 10, busy: 1)]
            let outcome = try history.importUsage(records, step: .seconds(10), from: source)
            #expect(outcome == ImportOutcome(added: 1, leftAlone: 1))
            let usage = try history.usage(of: "a", step: .seconds(10), from: noon, to: noon + .seconds(60))
            #expect(usage.map(\.usage.busySeconds) == [1, 9])
            let minute = try history.usage(of: "a", step: .seconds(60), from: noon, to: noon + .seconds(60))
            #expect(minute.map(\.usage.busySeconds) == [10])
        }
    }

    @Test func aWindowMeasuredLiveIsLeftAlone() throws {
        try withHistory { history, _ in
            try history.append((0..<31).map { record("a", $0 * 10, busy: 1) }, step: .seconds(10))
            let outcome = try history.importUsage([record("a", 0, busy: 99)], step: .seconds(300), from: source)
            #expect(outcome == ImportOutcome(leftAlone: 1))
            let five = try history.usage(of: "a", step: .seconds(300), from: noon, to: noon + .seconds(300))
            #expect(five.map(\.usage.busySeconds) == [30])
        }
    }

    @Test func importsOfAYearAgoAreTakenAndMakeNoLiveRecordLate() throws {
        try withHistory { history, _ in
            try history.append([record("a", 0, busy: 1)], step: .seconds(10))
            let yearAgo = -390 * 86400
            let old = (0..<24).map { record("a", yearAgo + $0 * 300, busy: 30) }
            #expect(try history.importUsage(old, step: .seconds(300), from: source) == ImportOutcome(added: 24))
            #expect(try history.append([record("a", -10, busy: 1)], step: .seconds(10)) == AppendOutcome(added: 1))
            let from = noon + .seconds(yearAgo)
            let load = try history.loads(step: .seconds(3600), from: from, to: from + .seconds(9000))["a"]
            #expect(load?.values == [0.1, 0.1])
        }
    }

    @Test func anImportOfTheFutureMakesNoLiveRecordLate() throws {
        try withHistory { history, _ in
            try history.importUsage([record("a", 86400, busy: 1)], step: .seconds(10), from: source)
            #expect(try history.append([record("a", 0, busy: 1)], step: .seconds(10)) == AppendOutcome(added: 1))
        }
    }

    @Test func fineStepsOlderThanTheirRetentionAddToCoarserOnes() throws {
        try withHistory { history, _ in
            try history.append([record("a", 0, busy: 1)], step: .seconds(10))
            let monthAgo = -30 * 86400
            let old = (0..<30).map { record("a", monthAgo + $0 * 10, busy: 2) }
            let batches = [old[..<7], old[7...]]
            for batch in batches { try history.importUsage(Array(batch), step: .seconds(10), from: source) }
            let from = noon + .seconds(monthAgo)
            let load = try history.loads(step: .seconds(300), from: from, to: from + .seconds(300))["a"]
            #expect(load?.values == [0.2])
            #expect(try history.loads(step: .seconds(10), from: from, to: from + .seconds(300)).count == 0)
        }
    }

    @Test func whatNoResolutionKeepsIsCountedAndTheProgressRecorded() throws {
        try withHistory { history, _ in
            let records = [record("a", 0, busy: 1), record("a", -900 * 86400, busy: 1)]
            let outcome = try history.importUsage(records, step: .seconds(300), from: source)
            #expect(outcome == ImportOutcome(added: 1, tooLate: 1))
            #expect(try history.importSources() == [source])
        }
    }

    @Test func aRefusedImportRecordsNoProgress() throws {
        try withHistory { history, _ in
            #expect(throws: HistoryError.self) {
                try history.importUsage([record("a", 3, busy: 1)], step: .seconds(10), from: source)
            }
            let sources = try history.importSources()
            #expect(sources.isEmpty)
        }
    }
}
