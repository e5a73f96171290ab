import ClusterModel
import Testing

@Suite struct HashArcTests {
    @Test(arguments: [1, 2, 3, 7, 16, 1000])
    func equalPartsCoverTheRingWithoutOverlap(count: Int) {
        let arcs = HashArc.equalParts(count)
        #expect(arcs.count == count)
        #expect(arcs.first?.lower == .min)
        #expect(arcs.last?.upper == .max)
        for (left, right) in zip(arcs, arcs.dropFirst()) {
            #expect(left.upper + 1 == right.lower)
        }
    }

    @Test func splittingKeepsEveryPosition() throws {
        let arc = try #require(HashArc(lower: -10, upper: 10))
        let (left, right) = try #require(arc.split(after: 0))
        #expect(left == HashArc(lower: -10, upper: 0))
        #expect(right == HashArc(lower: 1, upper: 10))
        #expect(arc.split(after: 10) == nil)
        #expect(arc.split(after: 11) == nil)
        #expect(HashArc(lower: 1, upper: 0) == nil)
    }
}

@Suite struct TimestampTests {
    @Test(arguments: [
        "1998-06-30T21:39:00Z", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59.001Z", "2024-02-29T12:00:00Z",
        "2100-03-01T00:00:00.500Z",
    ])
    func printsWhatItParsed(text: String) throws {
        #expect(try #require(Timestamp(text)).description == text)
    }

    @Test func knowsTheCalendar() throws {
        #expect(Timestamp("1998-06-30T21:39:00Z")?.milliseconds == 899_242_740_000)
        #expect(Timestamp("1998-06-30T23:39:00+02:00") == Timestamp("1998-06-30T21:39Z"))
    }

    @Test(arguments: ["", "1998-06-30", "1998-13-01T00:00:00Z", "1998-06-30T21:39:00", "1998-06-30T21:39:00Zx"])
    func refusesWhatIsNotATimestamp(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func floorsBeforeTheEpochToo() {
        #expect(Timestamp(milliseconds: -1).floored(to: .seconds(10)) == Timestamp(seconds: -10))
        #expect(Timestamp(seconds: 19).floored(to: .seconds(10)) == Timestamp(seconds: 10))
    }
}

@Suite struct ValueTests {
    @Test func epochsAlternateBetweenOwnedAndFenced() {
        #expect(Epoch.initial.isOwned)
        #expect(!Epoch.initial.fenced.isOwned)
        #expect(Epoch.initial.next.isOwned)
    }

    @Test func lsnReadsAndPrintsAsPostgreSQLDoes() {
        #expect(LSN("16/B374D848")?.description == "16/B374D848")
        #expect(LSN("16") == nil)
        #expect(LSN("x/1") == nil)
    }

    @Test func loadPrintsTwoDecimals() {
        #expect(Load(3.14159).description == "3.14")
        #expect(Load(0.05).description == "0.05")
        #expect(Load(-1.5).description == "-1.50")
    }

    @Test func endpointsHideThePassword() {
        let endpoint = Endpoint(host: "h", port: 5432, database: "d", user: "u", password: "secret")
        #expect(!"\(endpoint)".contains("secret"))
        #expect(!String(reflecting: endpoint).contains("secret"))
    }
}

@Suite struct LatencyHistogramTests {
    @Test func quantilesAreWithinATenthOfTheTruthEitherWay() throws {
        var (lowest, highest) = (1.0, 1.0)
        var seconds = 13.5e-6
        while seconds < 225 {
            var histogram = LatencyHistogram()
            histogram.record(seconds: seconds)
            let answer = try #require(histogram.quantile(0.5))
            (lowest, highest) = (min(lowest, answer / seconds), max(highest, answer / seconds))
            seconds *= 1.003
        }
        #expect(lowest > 1 / 1.091 && highest < 1.091)
        #expect(lowest < 0.93 && highest > 1.08, "neither side is favoured")
    }

    @Test func addsBucketByBucket() {
        var a = LatencyHistogram()
        var b = LatencyHistogram()
        for index in 1...1000 {
            a.record(seconds: Double(index) / 1000)
            b.record(seconds: Double(index))
        }
        var sum = a
        sum += b
        #expect(sum.total == 2000)
        #expect(LatencyHistogram().quantile(0.5) == nil)
        #expect(LatencyHistogram(counts: [1]) == nil)
    }

    @Test func takesAnyNumberWithoutTrapping() {
        var histogram = LatencyHistogram()
        for value in [0, -1, .infinity, .nan, 1e300] { histogram.record(seconds: value) }
        #expect(histogram.total == 5)
    }
}
