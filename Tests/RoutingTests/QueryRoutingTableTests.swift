import ClusterModel
import Foundation
import Routing
import Testing

@Suite struct QueryRoutingTableTests {
    @Test func everyPositionHasExactlyOneSegment() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let table = try randomTable(&random)
            let bounds = table.segments.flatMap { [$0.arc.lower, $0.arc.upper] }
            for position in bounds + (0..<50).map({ _ in Int64.random(in: .min ... .max, using: &random) }) {
                let owners = table.segments.filter { $0.arc.contains(position) }
                #expect([table.segment(of: "shop", at: position)] == owners, "seed \(seed), position \(position)")
            }
        }
    }

    @Test func splittingThenMergingChangesNothingButTheEpoch() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let table = try randomTable(&random)
            let segment = try #require(table.segments.randomElement(using: &random))
            guard segment.arc.lower < segment.arc.upper else { continue }
            let cut = Int64.random(in: segment.arc.lower..<segment.arc.upper, using: &random)
            let split = try table.splitting(segment.id, after: cut, into: ("left", "right"))
            #expect(split.segment(of: "shop", at: cut).id == "left", "seed \(seed)")
            #expect(split.segment(of: "shop", at: cut + 1).id == "right", "seed \(seed)")
            #expect(split["left"] == table[segment.id] && split["right"] == table[segment.id])
            let merged = try split.merging("left", "right", into: segment.id)
            #expect(merged.segments == table.segments, "seed \(seed)")
            #expect(merged.epoch == table.epoch.next.next)
        }
    }

    @Test func gapsAndOverlapsAreRefusedByName() throws {
        let parts = Segment.equal(4, of: "shop")
        #expect(code(of: Array(parts.dropFirst())) == .gap)
        #expect(code(of: Array(parts.dropLast())) == .gap)
        #expect(code(of: [parts[0], parts[1], parts[3]]) == .gap)
        #expect(code(of: []) == .gap)
        let arc = try #require(HashArc(lower: parts[0].arc.upper, upper: parts[0].arc.upper))
        let extra = Segment(id: "extra", group: "shop", arc: arc)
        #expect(code(of: parts + [extra]) == .overlap)
        let whole = Segment(id: "whole", group: "shop", arc: .whole)
        #expect(throws: RoutingTableError.self) { try table(of: [whole, extra]) }
        do throws(RoutingTableError) {
            _ = try table(of: [parts[0], parts[2], parts[3]])
        } catch {
            #expect(error.description.contains("\(parts[1].arc.lower) to \(parts[1].arc.upper)"))
        }
    }

    @Test func namesAreCheckedToo() {
        let parts = Segment.equal(2, of: "shop")
        #expect(code(of: parts + [Segment(id: "x", group: "nobody", arc: .whole)]) == .unknownGroup)
        #expect(code(of: [parts[0], Segment(id: parts[0].id, group: "shop", arc: parts[1].arc)]) == .duplicateSegment)
        #expect(code(of: parts, groups: [.shop, .shop]) == .duplicateGroup)
        #expect(code(of: parts, locations: [parts[0].id: "home-1"]) == .unplacedSegment)
        let other = ShardGroup(id: "other", keyType: .text, tables: ShardGroup.shop.tables)
        #expect(code(of: parts, groups: [.shop, other]) == .duplicateTable)
    }

    @Test func relocatingMovesOneSegmentAtTheNextEpoch() throws {
        let table = try QueryRoutingTable.example()
        let moved = table.relocating("shop-1", to: "contingent-1")
        #expect(moved["shop-1"] == "contingent-1")
        #expect(moved.epoch == table.epoch.next)
        #expect(moved.segments == table.segments)
        #expect(moved.segments(on: "contingent-1").map(\.id) == ["shop-1"])
        #expect(table["shop-1"] == "home-2")
        for segment in table.segments where segment.id != "shop-1" { #expect(moved[segment.id] == table[segment.id]) }
    }

    @Test func impossibleChangesAreRefused() throws {
        let table = try QueryRoutingTable.example()
        let arc = try #require(table.segment("shop-0")).arc
        #expect(throws: RoutingTableError.self) { try table.splitting("nobody", after: 0, into: ("a", "b")) }
        #expect(throws: RoutingTableError.self) { try table.splitting("shop-0", after: arc.upper, into: ("a", "b")) }
        #expect(throws: RoutingTableError.self) { try table.splitting("shop-0", after: arc.lower, into: ("a", "a")) }
        #expect(throws: RoutingTableError.self) { try table.merging("shop-0", "shop-1", into: "a") }
        #expect(throws: RoutingTableError.self) { try table.merging("shop-0", "shop-2", into: "a") }
    }

    @Test func isReadBackAsItWasWritten() throws {
        let table = try QueryRoutingTable.example()
        let data = try JSONEncoder().encode(table)
        let read = try JSONDecoder().decode(QueryRoutingTable.self, from: data)
        #expect(read.epoch == table.epoch && read.groups == table.groups && read.segments == table.segments)
        for segment in table.segments { #expect(read[segment.id] == table[segment.id]) }
        let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect((object["locations"] as? [String: String])?["shop-1"] == "home-2")
    }

    @Test func whatIsReadIsChecked() throws {
        var text = String(decoding: try JSONEncoder().encode(QueryRoutingTable.example()), as: UTF8.self)
        text.replace("\"shop-1\":\"home-2\"", with: "\"shop-9\":\"home-2\"")
        #expect(throws: RoutingTableError.self) {
            try JSONDecoder().decode(QueryRoutingTable.self, from: Data(text.utf8))
        }
    }

    // MARK: Making tables

    private func randomTable(_ random: inout SeededGenerator) throws -> QueryRoutingTable {
        let cuts = Set(
            (0..<Int.random(in: 0...20, using: &random)).map { _ in
                Int64.random(in: .min + 1 ... .max, using: &random) >> Int64.random(in: 0...60, using: &random)
            }
        ).subtracting([.min]).sorted()
        let lowers = [Int64.min] + cuts
        let uppers = cuts.map { $0 - 1 } + [Int64.max]
        let segments = try zip(lowers, uppers).enumerated().map { index, bounds in
            Segment(
                id: SegmentID("s\(index)"),
                group: "shop",
                arc: try #require(HashArc(lower: bounds.0, upper: bounds.1))
            )
        }
        return try table(of: segments.shuffled(using: &random))
    }

    private func table(
        of segments: [Segment],
        groups: [ShardGroup] = [.shop],
        locations: [SegmentID: InstanceID]? = nil
    ) throws(RoutingTableError) -> QueryRoutingTable {
        let everywhere = Dictionary(segments.map { ($0.id, InstanceID("home-1")) }) { first, _ in first }
        return try QueryRoutingTable(
            epoch: .initial,
            groups: groups,
            segments: segments,
            locations: locations ?? everywhere
        )
    }

    private func code(
        of segments: [Segment],
        groups: [ShardGroup] = [.shop],
        locations: [SegmentID: InstanceID]? = nil
    ) -> RoutingTableError.Code? {
        do throws(RoutingTableError) {
            _ = try table(of: segments, groups: groups, locations: locations)
            return nil
        } catch {
            return error.code
        }
    }
}
