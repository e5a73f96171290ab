import ClusterModel
import ContingentPool
import Migration
import Testing

@testable import Campaign
@testable import Planning

/// Days of the whole control plane with faults; many more by scripts/campaign.
struct CampaignTests {
    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64]) func nothingBreaks(part: UInt64) {
        for seed in stride(from: part, through: 24, by: 6) {
            let outcome = CampaignWorld.outcome(of: CampaignDay(seed: seed))
            #expect(outcome.broken.isEmpty, "seed \(seed)")
            #expect(outcome.plans > 200, "seed \(seed)")
        }
    }

    @Test func theSameSeedGivesTheSameDay() {
        let outcomes = (0..<2).map { _ in CampaignWorld.outcome(of: CampaignDay(seed: 7)) }
        #expect(outcomes[0] == outcomes[1])
        #expect(outcomes[0] != CampaignWorld.outcome(of: CampaignDay(seed: 8)))
    }

    /// A campaign in which nothing happens proves nothing.
    @Test func faultsHappenAndMovesDo() {
        var sum = CampaignOutcome()
        for seed in 1...24 as ClosedRange<UInt64> { sum += CampaignWorld.outcome(of: CampaignDay(seed: seed)) }
        let counts = [
            sum.movesBegun, sum.changesOfOwner, sum.movesFailed, sum.leases, sum.givenBack, sum.loans, sum.crashes,
            sum.instanceDeaths, sum.clockJumps, sum.poolFailures, sum.quarantines, sum.ordersByPeople, sum.freezes,
            sum.forecastsMissing,
        ]
        #expect(counts.allSatisfy { $0 > 0 }, "\(sum.counts)")
    }
}

/// Each invariant is seen when it is broken.
struct BrokenWorldTests {
    /// A day with a home and a contingent instance, before anything happened.
    private func world() -> CampaignWorld {
        var world = CampaignWorld(CampaignDay(seed: 1))
        world.members = [Self.first: PoolMember(id: Self.first, provider: "campaign", zone: "b")]
        return world
    }

    private static let first: InstanceID = "contingent-1"

    private func lease(_ epoch: Int64) -> Lease {
        Lease(
            epoch: LeaseEpoch(epoch), terms: LeaseTerms(holder: "a", purpose: "b", term: .seconds(60)),
            grantedAt: CampaignDay.start)
    }

    private func member(_ state: PoolMemberState, epoch: Int64 = 0) -> PoolMember {
        PoolMember(
            id: Self.first, provider: "campaign", zone: "b", state: state, leaseEpoch: LeaseEpoch(epoch))
    }

    private func move(_ id: MoveID, _ state: MoveState, of world: CampaignWorld) -> CampaignMove {
        var move = CampaignMove(
            id: id, segment: "s1", source: world.owners["s1"] ?? "", target: Self.first, isByPerson: false,
            startedAt: CampaignDay.start)
        move.state = state
        return move
    }

    private func sees(_ what: String, _ world: CampaignWorld, _ location: SourceLocation = #_sourceLocation) {
        #expect(
            world.outcome.broken.contains { $0.contains(what) }, "\(world.outcome.broken)", sourceLocation: location)
    }

    @Test func nothingIsSeenInASoundWorld() {
        var world = world()
        world.check()
        #expect(world.outcome.broken.isEmpty)
    }

    @Test func anOwnerThatIsNotInUse() {
        var world = world()
        world.owners["s1"] = Self.first
        world.check()
        sees("s1 is on contingent-1, which is absent", world)
    }

    @Test func twoMovesOfOneSegment() {
        var world = world()
        world.moves = [move("m1", .copied, of: world), move("m2", .prepared, of: world)]
        world.check()
        sees("s1 is in two moves", world)
    }

    @Test func anOwnerThatNoDecisionMade() {
        var world = world()
        world.moves = [move("m1", .probation, of: world)]
        world.check()
        sees("m1 is probation, and s1 is on home-1", world)
    }

    @Test func aMoveToAnInstanceThatIsNotHeld() {
        var world = world()
        world.moves = [move("m1", .copied, of: world)]
        world.check()
        sees("m1 needs contingent-1, which is absent", world)
    }

    @Test func tooManyMembers() {
        var world = world()
        for index in 1...20 {
            let id = InstanceID("contingent-\(index)")
            world.members[id] = PoolMember(id: id, provider: "campaign", zone: "b", state: .idleCold)
        }
        world.check()
        sees("20 members of", world)
    }

    @Test func aLesseeBesideOurData() {
        var world = world()
        world.members[Self.first] = member(.leased(lease(1)))
        world.owners["s1"] = Self.first
        world.check()
        sees("is lent to others and holds something of ours", world)
    }

    @Test func anEpochThatComesAgain() {
        var world = world()
        world.checkTransition(from: member(.warm, epoch: 3), to: member(.granting(lease(3))))
        sees("gives lease 3 out again", world)
        world = self.world()
        world.checkTransition(from: member(.warm, epoch: 3), to: member(.warm, epoch: 2))
        sees("goes back to lease 2", world)
        world = self.world()
        world.checkTransition(from: member(.leased(lease(1))), to: member(.leased(lease(2))))
        sees("goes from lease 1 to 2", world)
    }

    @Test func aLesseesDataLeftBehind() {
        var world = world()
        world.checkTransition(from: member(.leased(lease(1))), to: member(.warm))
        sees("is warm with a lessee's data on it", world)
    }

    @Test func emptyingWhatIsNeeded() {
        for action in [PoolAction.wipe, .retire, .discard, .provision, .warm] {
            var world = world()
            world.owners["s1"] = Self.first
            world.checkEmptying(action, Self.first)
            sees("is needed, and the pool orders", world)
        }
    }

    @Test func toAndFro() {
        var world = world()
        world.changes["s1"] = (0..<3).map {
            .init(at: world.now - .seconds(600 * (2 - $0)), isByPlan: true)
        }
        world.check()
        sees("s1 changed owner 3 times within an hour", world)
        var undone = self.world()
        undone.changes["s1"] = (0..<3).map { .init(at: undone.now - .seconds(600 * (2 - $0)), isByPlan: $0 != 1) }
        undone.check()
        #expect(undone.outcome.broken.isEmpty)
    }

    // MARK: Plans

    private func plan(_ actions: [(PlannedAction.Kind, DecisionRule, String)], _ world: CampaignWorld) -> Plan {
        var plan = Plan(at: world.seen, policy: .threshold, mode: .auto, overloadThreshold: 0.8)
        plan.actions = actions.map { kind, rule, sentence in
            var evidence = Evidence()
            evidence.destinationPeakAfter = 90
            evidence.destinationCapacity = 100
            return PlannedAction(
                kind: kind, authority: .immediate,
                record: DecisionRecord(
                    at: world.seen, outcome: .act, rule: rule, segment: nil, source: nil, destination: nil, move: nil,
                    evidence: evidence, alternatives: [], sentence: sentence))
        }
        return plan
    }

    private func directive(_ segment: SegmentID = "s1") -> MigrationDirective {
        MigrationDirective(segmentID: segment, destination: Self.first, priority: 1)
    }

    @Test func aPlanThatFillsTooFarOrDoesNotSayWhy() {
        var world = world()
        world.check(plan([(.prepare(directive()), .overloadForecast, "")], world), of: world.snapshot())
        sees("without a reason", world)
        sees("overfilled", world)
    }

    @Test func anOrderThatTheMoverMustRefuse() {
        var world = world()
        world.moves = [move("m1", .retained, of: world)]
        world.check(plan([(.prepare(directive()), .overloadForecast, "why")], world), of: world.snapshot())
        sees("the last move of s1 is not over", world)
        world = self.world()
        world.owners["s1"] = Self.first
        world.check(plan([(.prepare(directive()), .overloadForecast, "why")], world), of: world.snapshot())
        sees("in vain", world)
    }

    @Test func copiesBeyondTheLimit() {
        var world = world()
        let home = world.owners["s1"]
        let segments = world.day.truth.segments.filter { world.owners[$0] == home }
        let actions = segments.map { (PlannedAction.Kind.returnHome(directive($0)), DecisionRule.peakOver, "why") }
        world.check(plan(actions + actions, world), of: world.snapshot())
        sees("too many copies from", world)
    }

    @Test func aMoveIntoTheZoneOfItsHome() throws {
        let seed = try #require(
            (1...100 as ClosedRange<UInt64>).first { seed in
                let day = CampaignDay(seed: seed)
                let zone = day.homes.first { $0.id == day.homeOf["s2"] }?.zone
                return day.planning.antiAffinity == .require && zone == day.contingents[0].zone
            })
        var world = CampaignWorld(CampaignDay(seed: seed))
        world.check(plan([(.prepare(directive("s2")), .overloadForecast, "why")], world), of: world.snapshot())
        sees("the same zone", world)
    }

    @Test func movesWhileAllIsFrozen() {
        var world = world()
        world.freezes = [Freeze(start: world.seen, end: world.seen + .seconds(60), reason: "test")]
        world.check(plan([(.cutOver("m1"), .deadlineClose, "why")], world), of: world.snapshot())
        sees("frozen, and yet", world)
    }

    @Test func moreMovesThanAllowed() throws {
        let seed = try #require(
            (1...100 as ClosedRange<UInt64>).first { CampaignDay(seed: $0).planning.movesPerHourMax != nil })
        var world = CampaignWorld(CampaignDay(seed: seed))
        world.begunByPlans = Array(repeating: world.seen, count: 31)
        world.checkMovesPerHour()
        sees("31 moves within an hour", world)
    }

    @Test func moreMoneyThanAllowed() throws {
        let seed = try #require(
            (1...100 as ClosedRange<UInt64>).first { seed in
                let day = CampaignDay(seed: seed)
                return day.planning.contingentCostPerHourMax != nil && day.contingents.count > 5
            })
        var world = CampaignWorld(CampaignDay(seed: seed))
        for instance in world.day.contingents {
            world.members[instance.id] = PoolMember(
                id: instance.id, provider: "campaign", zone: "b", state: .reserved(.named("controller")))
        }
        world.checkSpending(after: plan([(.lease(Self.first), .overloadForecast, "why")], world))
        sees("an hour are leased", world)
    }

    @Test func aDayThatDoesNotEnd() {
        var world = world()
        world.moves = [move("m1", .probation, of: world)]
        world.checkRest()
        sees("not at rest 48 hours after the day: m1 is probation", world)
    }
}
