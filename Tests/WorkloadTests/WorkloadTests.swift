import ClusterModel
import Testing
import Workload

@Suite struct ZipfKeysTests {
    @Test func probabilitiesSumToOneAndFall() {
        let all = ZipfKeys(count: 1000, exponent: 1, seed: 1).probabilities
        #expect(abs(all.map(\.probability).reduce(0, +) - 1) < 1e-9)
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.probability >= $1.probability - 1e-12 })
        #expect(Set(all.map(\.key)) == Set(1...1000))
    }

    @Test func drawsFollowTheProbabilities() {
        let keys = ZipfKeys(count: 100, exponent: 1, seed: 2)
        var generator = SeededGenerator(seed: 3)
        var counts: [Int64: Int] = [:]
        for _ in 0..<100_000 { counts[keys.draw(using: &generator), default: 0] += 1 }
        for (key, probability) in keys.probabilities.prefix(5) {
            let share = Double(counts[key] ?? 0) / 100_000
            #expect(abs(share - probability) < 0.01)
        }
    }
}

@Suite struct RateCurveTests {
    @Test func arrivalsFollowTheCurve() {
        let curve = RateCurve(spacing: 10, rates: [0, 100, 100, 0])
        var generator = SeededGenerator(seed: 4)
        let times = curve.arrivals(using: &generator)
        #expect(abs(Double(times.count) - 2000) < 200)
        #expect(times == times.sorted())
        #expect(times.allSatisfy { (0...30).contains($0) })
        let middle = times.count { (10..<20).contains($0) }
        #expect(abs(Double(middle) - 1000) < 130)
    }

    @Test func aCurveOfZeroHasNoArrivals() {
        var generator = SeededGenerator(seed: 5)
        #expect(RateCurve(spacing: 1, rates: [0, 0, 0]).arrivals(using: &generator).isEmpty)
    }
}

@Suite struct LatencyTimelineTests {
    @Test func countsTheSecondsWhoseSlowestHundredthIsTooSlow() {
        var timeline = LatencyTimeline(duration: 3)
        for index in 0..<200 { timeline.record(arrival: 0.5, latency: index < 1 ? 2 : 0.01) }
        for index in 0..<200 { timeline.record(arrival: 1.5, latency: index < 3 ? 2 : 0.01) }
        #expect(timeline.violationSeconds(objective: 0.5) == 1)
        #expect(timeline.statements == 400)
        #expect(timeline.percentile(0.5) == 0.01)
        #expect(timeline.points[2].p99 == nil)
    }
}

@Suite struct WriteLedgerTests {
    @Test func tellsLostFromDuplicated() {
        var ledger = WriteLedger()
        for id in 1...3 { ledger.acknowledge(Int64(id)) }
        ledger.doubt(4)
        #expect(ledger.verdict(found: [1, 2, 3, 4]) == .init(checked: 3, lost: 0, duplicated: 0))
        #expect(ledger.verdict(found: [1, 1, 3, 9]) == .init(checked: 3, lost: 1, duplicated: 2))
    }

    @Test func aStrayIsADuplicateAndMakesUpForNothing() {
        var ledger = WriteLedger()
        ledger.acknowledge(1)
        #expect(ledger.verdict(found: [1], strays: 1) == .init(checked: 1, lost: 0, duplicated: 1))
        #expect(ledger.verdict(found: [], strays: 1) == .init(checked: 1, lost: 1, duplicated: 1))
    }
}

@Suite struct FilledRowsTests {
    @Test func everyFilledRowIsThereOnce() {
        #expect(FilledRows(present: 10, found: 10).verdict(of: 10) == .init(checked: 10, lost: 0, duplicated: 0))
    }

    @Test func aRowTooManyDoesNotHideALostOne() {
        #expect(FilledRows(present: 9, found: 10).verdict(of: 10) == .init(checked: 10, lost: 1, duplicated: 1))
        #expect(FilledRows.none.verdict(of: 10) == .init(checked: 10, lost: 10, duplicated: 0))
    }

    @Test func anOwnerCountsOnlyItsOwnArcs() {
        let arcs = HashArc.equalParts(4)
        let queries = Shop.demonstration.filledSQL(arcs: [arcs[0], arcs[2]])
        #expect(queries.count == Shop.group.tables.count)
        for (query, table) in zip(queries, Shop.group.tables) {
            #expect(query.contains("FROM \(table.table.name) WHERE"))
            #expect(query.contains("BETWEEN \(arcs[0].lower) AND \(arcs[0].upper) OR"))
            #expect(query.contains("BETWEEN \(arcs[2].lower) AND \(arcs[2].upper)"))
            #expect(!query.contains("\(arcs[1].upper)"))
        }
    }
}

@Suite struct MissingOrdersTests {
    @Test func aBrowseThatSeesTooLittleHasFailed() {
        #expect(throws: MissingOrders.self) {
            try MissingOrders.check(customer: 7, seen: 0, filled: 3, shownMax: 5)
        }
        #expect(throws: MissingOrders.self) {
            try MissingOrders.check(customer: 7, seen: 4, filled: 9, shownMax: 5)
        }
    }

    @Test func asManyAsFilledOrAsShownIsEnough() throws {
        try MissingOrders.check(customer: 7, seen: 3, filled: 3, shownMax: 5)
        try MissingOrders.check(customer: 7, seen: 5, filled: 9, shownMax: 5)
    }
}
