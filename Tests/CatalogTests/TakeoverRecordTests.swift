import ClusterModel
import Takeover
import Testing

@testable import Catalog

@Suite struct TakeoverCatalogTests {
    private let intention = TakeoverRecord(
        number: 0, instance: "home-1", old: ServerAddress(host: "a", port: 1), new: ServerAddress(host: "b", port: 2),
        zone: "z", detectedAt: Timestamp(seconds: 5), primaryPosition: LSN(0x1_0000_0007), unseenMilliseconds: 12,
        wasSynchronous: true, reason: "nothing was heard for 10 s")

    @Test func anIntentionComesBackAndIsConcluded() async throws {
        try await withCatalog { catalog in
            var record = try catalog.intend(intention)
            #expect(record.number == 1)
            #expect(try catalog.takeovers() == [record])
            record.state = .completed
            record.completedAt = Timestamp(seconds: 6)
            record.standbyPosition = LSN(0x1_0000_0009)
            record.lossBytes = 0
            record.timeline = 2
            try catalog.conclude(record, sentence: "done")
            #expect(try catalog.takeovers() == [record])
            let audit = try catalog.audit().map(\.entry.sentence)
            #expect(audit == ["done", "home-1 is to be taken over by its standby b:2: nothing was heard for 10 s"])
        }
    }

    @Test func thereIsOneIntentionAtATimeAndOneOutcomeOfEach() async throws {
        try await withCatalog { catalog in
            var record = try catalog.intend(intention)
            #expect(throws: CatalogError.self) { try catalog.intend(intention) }
            record.state = .calledOff
            try catalog.conclude(record, sentence: "called off")
            #expect(throws: CatalogError.self) { try catalog.conclude(record, sentence: "again") }
            #expect(try catalog.intend(intention).number == 2)
            #expect(try catalog.takeovers().map(\.state) == [.calledOff, .intended])
        }
    }

    @Test func anIntentionOutlastsTheProcess() async throws {
        try await withTemporaryPath { path in
            do { _ = try CatalogStore(path: path, now: { Timestamp(seconds: 7) }).intend(intention) }
            let again = try CatalogStore(path: path, now: { Timestamp(seconds: 8) })
            #expect(try again.takeovers().map(\.state) == [.intended])
        }
    }
}
