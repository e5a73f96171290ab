import ClusterModel
import ContingentPool
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

    private func member(_ id: InstanceID, _ state: PoolMemberState) -> PoolMember {
        PoolMember(id: id, provider: "local", zone: "z", state: state)
    }

    /// The standby that is to take over is needed until the outcome is known; then both are known at once, or neither.
    @Test func outcomeAndMembersAreWrittenTogether() async throws {
        try await withCatalog { catalog in
            try catalog.save(member("c1", .promoted("home-1")), sentence: "c1 took over")
            try catalog.save(member("c2", .standby("home-1")), sentence: "c2 is a standby")
            var intended = intention
            intended.member = "c2"
            var record = try catalog.intend(intended)
            #expect(record.member == "c2")
            #expect(try catalog.occupants(of: "c2") == ["takeover 1 of home-1"])
            let after = [member("c2", .promoted("home-1")), member("c1", .quarantined(reason: "c2 took over"))]
            record.state = .completed
            try catalog.conclude(record, sentence: "done", members: after)
            #expect(try catalog.poolMembers() == after.sorted { $0.id < $1.id })
            #expect(try catalog.takeovers() == [record])
            #expect(try catalog.occupants(of: "c2").isEmpty)

            let lost = [member("c2", .quarantined(reason: "x"))]
            #expect(throws: CatalogError.self) { try catalog.conclude(record, sentence: "again", members: lost) }
            #expect(try catalog.poolMembers() == after.sorted { $0.id < $1.id })
        }
    }
}
