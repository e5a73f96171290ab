import ClusterModel
import Testing

@testable import ContingentPool

private func candidate(_ id: InstanceID, price: Double, notice: Int, warmUp: Int = 10) -> RevocationCandidate {
    RevocationCandidate(member: id, pricePerHour: price, noticeLeft: .seconds(notice), warmUp: .seconds(warmUp))
}

@Suite struct RevocationChoiceTests {
    @Test func theCheapestGoesFirst() {
        let candidates = [
            candidate("a", price: 2, notice: 30), candidate("b", price: 1, notice: 30),
            candidate("c", price: 1, notice: 90),
        ]
        #expect(RevocationChoice.cheapest(of: candidates)?.member == "b")
        #expect(RevocationChoice.cheapest(of: [])?.member == nil)
    }

    @Test func priceNoticeAndWarmUpWeighTogether() {
        // 3 x 10 x 10 < 1 x 40 x 10; 1 x 40 x 5 < 3 x 10 x 10.
        #expect(
            RevocationChoice.cheapest(of: [candidate("a", price: 3, notice: 10), candidate("b", price: 1, notice: 40)])?
                .member == "a")
        #expect(
            RevocationChoice.cheapest(
                of: [candidate("a", price: 3, notice: 10), candidate("b", price: 1, notice: 40, warmUp: 5)])?
                .member == "b")
    }

    @Test func whoIsNotReadyInTimeIsNoChoice() {
        let candidates = [candidate("cheap", price: 0.1, notice: 300), candidate("dear", price: 9, notice: 0)]
        #expect(RevocationChoice.cheapest(of: candidates, within: .seconds(60))?.member == "dear")
        // None is: the first that will be.
        #expect(RevocationChoice.cheapest(of: candidates, within: .seconds(1))?.member == "dear")
        #expect(
            RevocationChoice.cheapest(of: candidates, within: .seconds(310))?.member == "dear",
            "no notice costs nothing")
    }

    @Test func equalsAreToldApartAlways() {
        let free = [
            candidate("c", price: 0, notice: 30), candidate("b", price: 0, notice: 20),
            candidate("a", price: 0, notice: 30),
        ]
        #expect(RevocationChoice.cheapest(of: free)?.member == "b")
        #expect(RevocationChoice.cheapest(of: free.reversed())?.member == "b")
        let paid = [candidate("dear", price: 5, notice: 0), candidate("cheap", price: 1, notice: 0)]
        #expect(RevocationChoice.cheapest(of: paid)?.member == "cheap")
    }
}

@Suite struct LendingRulesTests {
    private let rules: LendingRules = {
        var rules = LendingRules()
        rules.max = 2
        return rules
    }()

    private func members(_ states: (InstanceID, Zone, PoolMemberState)...) -> [PoolMember] {
        states.map { PoolMember(id: $0, provider: "p", zone: $1, state: $2) }
    }

    private func refusal(_ rules: LendingRules, _ wanted: InstanceID?, of members: [PoolMember]) -> String? {
        do { _ = try rules.choose(wanted, of: members) } catch { return error.message }
        return nil
    }

    @Test func nothingIsLentUnlessConfigured() {
        let pool = members(("a", "z", .warm), ("b", "z", .warm))
        #expect(refusal(LendingRules(), nil, of: pool)?.contains("set pool.lend.max") == true)
    }

    @Test func theServiceKeepsItsFloor() throws {
        #expect(try rules.choose(nil, of: members(("a", "z", .warm), ("b", "z", .warm))) == "a")
        #expect(
            refusal(rules, nil, of: members(("a", "z", .warm), ("b", "z", .idleCold)))?.contains("keep_warm") == true)
        var three = rules
        three.keepWarm = 2
        #expect(refusal(three, nil, of: members(("a", "z", .warm), ("b", "z", .warm)))?.contains("keeps 2") == true)
    }

    @Test func theLastOfAZoneStays() throws {
        let pool = members(("a", "x", .warm), ("b", "y", .warm), ("c", "y", .warm))
        #expect(try rules.choose(nil, of: pool) == "b")
        #expect(try rules.choose("c", of: pool) == "c")
        #expect(refusal(rules, "a", of: pool)?.contains("last warm instance of its zone") == true)
        let scattered = members(("a", "x", .warm), ("b", "y", .warm))
        #expect(refusal(rules, nil, of: scattered)?.contains("no zone has more") == true)
    }

    @Test func aZoneKeepsItsFloor() throws {
        var floors = rules
        floors.keepWarmInZones = ["x": 2]
        let pool = members(("a", "x", .warm), ("b", "x", .warm), ("c", "y", .warm), ("d", "y", .warm))
        #expect(try floors.choose(nil, of: pool) == "c")
        #expect(refusal(floors, "a", of: pool)?.contains("2 warm instances stay in zone x") == true)
        #expect(try rules.choose("a", of: pool) == "a")
        let more = pool + members(("e", "x", .warm))
        #expect(try floors.choose("a", of: more) == "a")
    }

    /// More than the zones' floors, so that there is one to lend.
    @Test func theFloorsOfZonesAreRaisedToLend() {
        let zones = WarmFloor(zones: ["x": 1, "y": 2])
        #expect(rules.floor(over: zones, lent: 0) == WarmFloor(zones: ["x": 1, "y": 2], total: 4))
        #expect(rules.floor(over: zones, lent: 2) == zones)
    }

    @Test func noMoreAreLentThanAllowed() {
        let lent = members(
            ("a", "z", .leased(someLease())), ("b", "z", .ending(someRevocation)), ("c", "z", .warm), ("d", "z", .warm))
        #expect(refusal(rules, nil, of: lent)?.contains("2 instances are lent already") == true)
    }

    @Test func whatIsNotWarmIsNotLent() {
        let pool = members(("a", "z", .active), ("b", "z", .warm), ("c", "z", .warm))
        #expect(refusal(rules, "a", of: pool)?.contains("it is active, not warm") == true)
        #expect(refusal(rules, "x", of: pool)?.contains("no pool member x") == true)
    }

    @Test func oneMoreIsKeptWarmWhileOneMoreMayBeLent() {
        #expect(LendingRules().floor(over: WarmFloor(1), lent: 0) == WarmFloor(1))
        #expect(rules.floor(over: WarmFloor(1), lent: 0) == WarmFloor(2))
        #expect(rules.floor(over: WarmFloor(1), lent: 2) == WarmFloor(1))
        #expect(rules.floor(over: WarmFloor(5), lent: 1) == WarmFloor(5))
    }

    @Test func termsOutsideOfTheLimitsAreRefused() throws {
        let good = LeaseTerms(holder: "Ann", purpose: "analysis", term: .seconds(3600), notice: .seconds(30))
        try rules.check(good)
        let bad: [(inout LeaseTerms) -> Void] = [
            { $0.holder = "" }, { $0.holder = "a\nb" }, { $0.purpose = String(repeating: "x", count: 201) },
            { $0.pricePerHour = -1 }, { $0.pricePerHour = .nan }, { $0.notice = .seconds(301) },
            { $0.notice = .seconds(-1) },
            { $0.term = .zero }, { $0.term = .seconds(86_401) }, { $0.term = .seconds(30) }, { $0.heartbeat = .zero },
        ]
        for (index, change) in bad.enumerated() {
            var terms = good
            change(&terms)
            #expect(throws: PoolError.self, "change \(index)") { try rules.check(terms) }
        }
    }

    @Test func whatIsClaimedIsWarmedFirstAndForNobodyElse() {
        let claimed = PoolMember(id: "a", provider: "p", zone: "z", state: .idleCold, claim: .named("x"))
        let warming = PoolMember(id: "b", provider: "p", zone: "z", state: .warming, claim: .named("x"))
        #expect(Replenishment(of: [claimed], floor: WarmFloor(0), unmade: ["z": 9], membersMax: 4).toWarm == ["a"])
        #expect(
            Replenishment(of: [claimed, warming], floor: WarmFloor(1), unmade: ["z": 9], membersMax: 4).toProvision
                .count == 1)
    }
}

@Suite struct LeaseAccountTests {
    @Test func aLeaseIsPaidForUntilItsEnd() {
        let record = LeaseRecord(
            member: "a", lease: someLease(), reason: .recalled, revokedAt: Timestamp(seconds: 700),
            endedAt: Timestamp(seconds: 720))
        #expect(record.income == 0.1)
        #expect(record.revocationLatency == .seconds(20))
    }

    @Test func readinessAfterALeaseIsWhatWasMeasured() {
        var times = ReadinessTimes()
        #expect(times.returnTime(of: "p") == .seconds(45))
        times.record(PoolTiming(provider: "p", operation: .cuttingOff, seconds: 1))
        times.record(PoolTiming(provider: "p", operation: .wiping, seconds: 2))
        times.record(PoolTiming(provider: "p", operation: .warming, seconds: 4))
        #expect(times.returnTime(of: "p") == .seconds(7))
    }
}
