import ClusterModel
import ContingentPool
import Foundation
import Testing

@testable import Catalog

@Suite struct RoutingTests {
    @Test func aTableComesBackAsItWasSaved() async throws {
        try await withCatalog { catalog in
            #expect(try catalog.routing() == nil)
            try catalog.save(twoSegments(), replacing: nil)
            #expect(try catalog.routing() == twoSegments())
        }
    }

    @Test func aTableIsReplacedOnlyByWhoeverKnowsIt() async throws {
        try await withCatalog { catalog in
            try catalog.save(twoSegments(), replacing: nil)
            let moved = twoSegments(epoch: Epoch(4), locations: ["s1": "home-1", "s2": "c1"])
            #expect(throws: CatalogError.self) { try catalog.save(moved, replacing: nil) }
            #expect(throws: CatalogError.self) { try catalog.save(moved, replacing: Epoch(8)) }
            #expect(throws: CatalogError.self) { try catalog.save(twoSegments(), replacing: .initial) }
            #expect(try catalog.routing() == twoSegments())
            try catalog.save(moved, replacing: .initial)
            #expect(try catalog.routing() == moved)
        }
    }

    @Test func aTableWithAHoleIsNotHalfSaved() async throws {
        try await withCatalog { catalog in
            try catalog.save(twoSegments(), replacing: nil)
            let broken = twoSegments(epoch: Epoch(4), locations: ["s1": "home-1"])
            #expect(throws: CatalogError.self) { try catalog.save(broken, replacing: .initial) }
            #expect(try catalog.routing() == twoSegments())
        }
    }
}

@Suite struct PoolRecordTests {
    @Test(arguments: [
        PoolMemberState.absent, .provisioning, .idleCold, .warming, .warm, .reserved(.move("m1")),
        .reserved(.named("Ann")), .active, .draining, .wiping, .quarantined(reason: "it's \"odd\""), .retired,
        .seeding("home-1"), .standby("home-1"), .promoted("home-1"),
    ])
    func everyStateComesBack(state: PoolMemberState) async throws {
        try await withCatalog { catalog in
            let endpoint = Endpoint(host: "h", port: 5, database: "d", user: "u", password: "p")
            let member = PoolMember(id: "c1", provider: "local", zone: "z", state: state, endpoint: endpoint)
            try catalog.save(PoolMember(id: "c1", provider: "local", zone: "z"), sentence: "made")
            try catalog.save(member, sentence: "c1 changed")
            #expect(try catalog.poolMembers() == [member])
            var query = AuditQuery()
            query.instance = "c1"
            #expect(try catalog.audit(query).map(\.entry.sentence) == ["c1 changed", "made"])
        }
    }

    @Test func keepsTheNewestTimings() async throws {
        try await withCatalog { catalog in
            for value in 0..<(ReadinessTimes.valuesMax + 10) {
                try catalog.record(PoolTiming(provider: "p", operation: .wiping, seconds: Double(value)))
            }
            try catalog.record(PoolTiming(provider: "p", operation: .warming, seconds: 1))
            let timings = try catalog.timings()
            #expect(timings.count == ReadinessTimes.valuesMax + 1)
            #expect(timings.first?.seconds == 10)
        }
    }
}

@Suite struct AuditTests {
    @Test func isFoundByWhatItIsAbout() async throws {
        try await withCatalog { catalog in
            try catalog.append(AuditEntry(kind: "move", move: "m1", segment: "s1", sentence: "one", details: "{}"))
            try catalog.append(AuditEntry(kind: "plan", segment: "s1", instance: "c1", sentence: "two"))
            try catalog.append(AuditEntry(kind: "plan", sentence: "three"))
            func found(_ change: (inout AuditQuery) -> Void) throws -> [String] {
                var query = AuditQuery()
                change(&query)
                return try catalog.audit(query).map(\.entry.sentence)
            }
            #expect(try found { _ in } == ["three", "two", "one"])
            #expect(try found { $0.move = "m1" } == ["one"])
            #expect(try found { $0.segment = "s1" } == ["two", "one"])
            #expect(try found { $0.instance = "c1" } == ["two"])
            #expect(
                try found {
                    $0.kind = "plan"
                    $0.limit = 1
                } == ["three"]
            )
            #expect(try found { $0.before = 3 } == ["two", "one"])
            #expect(try found { $0.from = Timestamp(seconds: 8) } == [])
            #expect(try found { $0.to = Timestamp(seconds: 7) } == [])
            #expect(try catalog.audit().last?.entry.details == "{}")
            #expect(try catalog.forgetAudit(before: Timestamp(seconds: 8)) == 3)
        }
    }
}

@Suite struct SettingsTests {
    @Test func settingsAndMemoryComeBack() async throws {
        try await withCatalog { catalog in
            #expect(try catalog.setting("mode") == nil)
            try catalog.set("mode", to: "observe")
            try catalog.set("mode", to: "auto")
            #expect(try catalog.setting("mode") == "auto")
            try catalog.set("mode", to: nil)
            #expect(try catalog.setting("mode") == nil)
            #expect(try catalog.controllerMemory() == nil)
            try catalog.saveControllerMemory(Data([0, 1, 255]))
            #expect(try catalog.controllerMemory() == Data([0, 1, 255]))
        }
    }
}
