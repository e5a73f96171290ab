import ClusterModel
import Testing

@testable import Forecasting

#if canImport(Glibc)
    import Glibc
#endif

private let monday = Timestamp("2024-01-01T00:00:00Z")!
private let quarter = Duration.seconds(900)
private let perDay = 96

/// An event of two hours, from `hour` of the day on.
private func sale(
    day: Int, hour: Int = 12, uplift: Double? = nil, lead: Duration? = nil, tail: Duration? = nil
) -> ScheduledEvent {
    let start = monday + .seconds(day * 86_400 + hour * 3600)
    return ScheduledEvent(
        kind: "sale", label: "sale", start: start, end: start + .seconds(7200), uplift: uplift, lead: lead, tail: tail)
}

/// Days alike with a little chance; the load is `factor` times as high while an event lasts.
private func loads(days: Int, events: [ScheduledEvent] = [], factor: Double = 1) -> LoadSeries {
    var generator = SeededGenerator(seed: 5)
    let values = (0..<days * perDay).map { step in
        let at = monday + quarter * step
        let season = 100 * (1.5 + sin(Double(step % perDay) / Double(perDay) * 2 * .pi))
        let isOn = events.contains { $0.start <= at && at < $0.end }
        return season * (isOn ? factor : 1) * Double.random(in: 0.98...1.02, using: &generator)
    }
    return LoadSeries(start: monday, step: quarter, values: values)
}

/// The median at each step of the six hours after the series, by hours after its end.
private func medians(_ series: LoadSeries, events: [ScheduledEvent]) -> [Double] {
    var configuration = PredictionEngine.Configuration()
    configuration.models = [Spar()]
    var engine = PredictionEngine(configuration: configuration)
    let now = monday + quarter * series.values.count
    let subject = Subject(name: "s", series: series, segments: ["s"])
    return engine.forecast([subject], events: events, at: now)[0].steps.map(\.curve.median)
}

@Suite struct DeclaredEffectTests {
    /// Ten in the morning of the 15th day; the event begins at noon, after 8 steps, and lasts 8.
    private func ten(_ past: [ScheduledEvent] = [], factor: Double = 1) -> LoadSeries {
        let all = loads(days: 15, events: past, factor: factor)
        return LoadSeries(start: monday, step: quarter, values: Array(all.values.prefix(14 * perDay + 40)))
    }

    @Test func anEventOfAKindNeverSeenHasTheEffectItDeclares() {
        let without = medians(ten(), events: [])
        let silent = medians(ten(), events: [sale(day: 14)])
        let declared = medians(ten(), events: [sale(day: 14, uplift: 3)])
        let ratios = zip(declared, without).map { $0 / $1 }
        #expect(zip(silent, without).allSatisfy { abs($0 / $1 - 1) < 0.05 })
        #expect(ratios[0..<6].allSatisfy { abs($0 - 1) < 0.02 })
        #expect(ratios[9..<15].allSatisfy { abs($0 - 3) < 0.15 })
        #expect(ratios[18...].allSatisfy { abs($0 - 1) < 0.02 })
    }

    @Test func leadAndTailMakeItLonger() {
        let without = medians(ten(), events: [])
        let declared = medians(
            ten(), events: [sale(day: 14, uplift: 0.5, lead: .seconds(3600), tail: .seconds(1800))])
        let ratios = zip(declared, without).map { $0 / $1 }
        #expect(ratios[0..<2].allSatisfy { abs($0 - 1) < 0.02 })
        #expect(ratios[5..<17].allSatisfy { abs($0 - 0.5) < 0.03 })
        #expect(ratios[20...].allSatisfy { abs($0 - 1) < 0.02 })
    }

    @Test(arguments: [nil, 1, 6] as [Double?])
    func whatWasLearnedWins(uplift: Double?) {
        let past = (1..<14).map { sale(day: $0, uplift: uplift) }
        let expected = medians(ten(past, factor: 2), events: past + [sale(day: 14, uplift: uplift)])
        let without = medians(ten(), events: [])
        let ratios = zip(expected, without).map { $0 / $1 }
        #expect(ratios[9..<15].allSatisfy { abs($0 - 2) < 0.3 }, "\(ratios)")
    }

    /// What was learned and what is declared late must not be multiplied.
    @Test(arguments: [1, 2, 6] as [Double])
    func anUpliftDeclaredLateDoesNotComeOnTop(uplift: Double) {
        let past = (1..<14).map { sale(day: $0) }
        let expected = medians(ten(past, factor: 2), events: past + [sale(day: 14, uplift: uplift)])
        let without = medians(ten(), events: [])
        let ratios = zip(expected, without).map { $0 / $1 }
        #expect(ratios[9..<15].allSatisfy { abs($0 - 2) < 0.3 }, "\(ratios)")
    }

    /// Where one event was twice what it declared, the next of its kind is expected to be more than it declares.
    @Test func oneOccurrenceIsSomeEvidence() {
        let past = [sale(day: 12, uplift: 2)]
        let expected = medians(ten(past, factor: 4), events: past + [sale(day: 14, uplift: 2)])
        let without = medians(ten(), events: [])
        let ratio = expected[12] / without[12]
        #expect(ratio > 2.3 && ratio < 4.5, "\(ratio)")
    }

    @Test(arguments: [0, 1, 45, 600] as [Double?] + [nil])
    func profilesStayInOrder(minutes: Double?) {
        let profile = EventProfile()
        let knots = profile.knots(duration: 120, lead: minutes, tail: minutes)
        #expect(knots == knots.sorted())
        #expect(knots.count == profile.freeKnots + 2)
        #expect(profile.declaredShares(lead: minutes, tail: minutes).count == profile.freeKnots)
        for minute in stride(from: knots[0] - 1, through: knots[knots.count - 1] + 1, by: 0.5) {
            guard let position = EventProfile.position(of: minute, knots: knots) else { continue }
            #expect(position.share >= 0 && position.share < 1)
            let share = position.value(profile.declaredShares(lead: minutes, tail: minutes))
            let isInside = minute >= -(minutes ?? 0) && minute <= 120 + (minutes ?? 0)
            #expect(isInside ? abs(share - 1) < 1e-9 : share < 1 && share >= 0)
        }
    }
}
