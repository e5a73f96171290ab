import ClusterModel
import Migration
import Testing

@testable import Catalog

private func order(_ id: MoveID, to target: InstanceID = "c1") -> MoveOrder {
    MoveOrder(
        id: id,
        group: shop,
        segment: twoSegments().segments[0],
        source: "home-1",
        target: target
    )
}

/// A catalog with a table and one move of `s1` from `home-1` to `c1`, in the given state of term 1.
private func withMove(in state: MoveState = .planned, _ body: (CatalogStore) async throws -> Void) async throws {
    try await withCatalog { catalog in
        try catalog.save(twoSegments(), replacing: nil)
        try await catalog.create(MoveRecord(order: order("m1"), state: state, term: 1, epoch: .initial))
        try await body(catalog)
    }
}

@Suite struct MoveJournalTests {
    @Test func aMoveComesBackAsItWasCreated() async throws {
        try await withMove { catalog in
            let record = MoveRecord(order: order("m1"), term: 1, epoch: .initial)
            let found = try await catalog.move("m1")
            #expect(found == record)
            #expect(try await catalog.unrecordedMoves() == [record])
            #expect(try await catalog.move("m2") == nil)
        }
    }

    @Test func aSegmentMovesOnceAtATime() async throws {
        try await withMove(in: .aborting) { catalog in
            let second = MoveRecord(order: order("m2"), term: 1, epoch: .initial)
            await #expect(throws: CatalogError.self) { try await catalog.create(second) }
            try await catalog.advance("m1", from: .aborting, to: .aborted, term: 1, report: MoveReport())
            try await catalog.create(second)
            #expect(try await catalog.unrecordedMoves() == [second])
        }
    }

    @Test func onlyTheOwnerIsASource() async throws {
        try await withCatalog { catalog in
            try catalog.save(twoSegments(locations: ["s1": "home-2", "s2": "home-1"]), replacing: nil)
            let record = MoveRecord(order: order("m1"), term: 1, epoch: .initial)
            await #expect(throws: CatalogError.self) { try await catalog.create(record) }
        }
    }

    @Test func advancingComparesStateAndTerm() async throws {
        try await withMove { catalog in
            var report = MoveReport()
            report.rowsCopied = 5
            for (from, term) in [(MoveState.ready, Int64(1)), (.planned, 2), (.planned, 0)] {
                await #expect(throws: CatalogError.self) {
                    try await catalog.advance("m1", from: from, to: .aborting, term: term, report: report)
                }
            }
            #expect(try await catalog.move("m1")?.state == .planned)
            try await catalog.advance("m1", from: .planned, to: .prechecked, term: 1, report: report)
            #expect(try await catalog.move("m1")?.report.rowsCopied == 5)
            #expect(try await catalog.move("m1")?.state == .prechecked)
        }
    }

    @Test func anAdoptedMoveIsDeafToItsFormerCoordinator() async throws {
        try await withMove { catalog in
            let adopted = try await catalog.adopt("m1", term: 3)
            #expect(adopted.term == 3)
            await #expect(throws: CatalogError.self) { try await catalog.adopt("m1", term: 2) }
            await #expect(throws: CatalogError.self) {
                try await catalog.advance("m1", from: .planned, to: .prechecked, term: 1, report: MoveReport())
            }
        }
    }

    @Test func decidingChangesEverythingAtOnce() async throws {
        try await withMove(in: .fenced) { catalog in
            let epoch = try await catalog.decideSwitch(
                "m1",
                from: .fenced,
                to: .switchDecided,
                owner: "c1",
                term: 1,
                report: MoveReport()
            )
            #expect(epoch == Epoch.initial.next)
            let table = try #require(try catalog.routing())
            #expect(table.epoch == epoch && table.locations == ["s1": "c1", "s2": "home-1"])
            #expect(table.segmentEpochs == ["s1": epoch, "s2": .initial])
            let record = try #require(try await catalog.move("m1"))
            #expect(record.state == .switchDecided && record.epoch == epoch && record.owner == "c1")
            #expect(try catalog.occupants(of: "c1") == ["segment s1", "move m1"])
        }
    }

    @Test func aSwitchIsDecidedOnceAndBackAgain() async throws {
        try await withMove(in: .fenced) { catalog in
            func decide(_ from: MoveState, _ to: MoveState, _ owner: InstanceID) async throws -> Epoch {
                try await catalog.decideSwitch("m1", from: from, to: to, owner: owner, term: 1, report: MoveReport())
            }
            let first = try await decide(.fenced, .switchDecided, "c1")
            await #expect(throws: CatalogError.self) { try await decide(.fenced, .switchDecided, "c1") }
            #expect(try catalog.routing()?.epoch == first)
            try await catalog.advance("m1", from: .switchDecided, to: .probation, term: 1, report: MoveReport())
            try await catalog.advance("m1", from: .probation, to: .revertFenced, term: 1, report: MoveReport())
            #expect(try await decide(.revertFenced, .revertDecided, "home-1") == first.next)
            #expect(try catalog.routing()?.locations["s1"] == "home-1")
        }
    }

    @Test func nobodyElseChangesASegmentThatMoves() async throws {
        try await withMove { catalog in
            let stolen = twoSegments(epoch: Epoch(4), locations: ["s1": "c9", "s2": "home-1"])
            #expect(throws: CatalogError.self) { try catalog.save(stolen, replacing: .initial) }
            let other = twoSegments(epoch: Epoch(4), locations: ["s1": "home-1", "s2": "c9"])
            try catalog.save(other, replacing: .initial)
        }
    }

    @Test func theLedgerKnowsEachObjectOnce() async throws {
        try await withMove { catalog in
            let slot = LedgerObject(move: "m1", instance: "home-1", kind: .slot, name: "f_m1")
            let furniture = LedgerObject(move: nil, instance: "c1", kind: .furniture, name: "foreshard")
            for object in [slot, slot, furniture, furniture] { try await catalog.recordObject(object) }
            #expect(try await catalog.objects(of: "m1") == [slot])
            #expect(Set(try await catalog.objects(of: nil)) == [slot, furniture])
            #expect(try catalog.occupants(of: "home-1").contains("slot f_m1 of move m1"))
            try catalog.forgetContents(of: "c1")
            try await catalog.removeObject(slot)
            #expect(try await catalog.objects(of: nil).isEmpty)
        }
    }
}
