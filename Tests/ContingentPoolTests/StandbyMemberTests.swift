// A member as the physical standby of a home, and as the home's server: every event about standbys in every state, and
// that no life whatever takes away what only a promoted member holds.
import ClusterModel
import Testing

@testable import ContingentPool

private let endpoint = Endpoint(host: "h", port: 1, database: "d", user: "u", password: nil)
private let events: [PoolEvent] = [
    .seedingRequested(of: "home-1"), .seeded(at: endpoint), .standbyLost(reason: "r"), .tookOver,
    .superseded(by: "c2"),
]

/// Every state against every event about standbys: `state/action`, or `-` where the event does not fit.
private let table: [PoolMemberState.Kind: String] = [
    //            requested    seeded          lost        took over        superseded
    .absent: "    seeding/seed -               -           -                -",
    .idleCold: "  seeding/seed -               -           -                -",
    .warm: "      seeding/seed -               -           -                -",
    .seeding: "   -            standby/nothing wiping/wipe -                -",
    .standby: "   -            -               wiping/wipe promoted/nothing -",
    .promoted: "  -            -               -           -                quarantined/nothing",
]

private let everyEvent: [PoolEvent] =
    events + [
        .provisioningRequested, .provisioned, .warmingRequested, .warmed(at: endpoint), .resumed(at: endpoint),
        .reserved(for: .move("m1")), .activated, .givenBack, .drained, .wiped, .operationFailed(reason: "r"),
        .checkFailed(reason: "r"), .cleared, .retirementRequested, .recovered, .needed(by: .move("m1")),
        .lent(LeaseTerms(holder: "Ann", purpose: "p", term: .seconds(10), notice: .zero)),
    ]

@Suite struct StandbyMemberTests {
    @Test(arguments: PoolMemberState.Kind.allCases)
    func everyStateMeetsEveryEventAboutStandbys(kind: PoolMemberState.Kind) throws {
        let cells = (table[kind] ?? "- - - - -").split(separator: " ").map(String.init)
        try #require(cells.count == events.count)
        for (event, cell) in zip(events, cells) {
            var member = PoolMember(id: "c", provider: "p", zone: "z", state: memberState(kind))
            do {
                let action = try member.on(event, isOccupied: false)
                #expect("\(member.state.kind.rawValue)/\(name(action))" == cell, "\(kind) \(event)")
            } catch {
                #expect(cell == "-", "\(kind) refused \(event)")
            }
        }
    }

    @Test(arguments: everyEvent)
    func onlyAnotherTakeoverEndsAPromotion(event: PoolEvent) {
        for isOccupied in [false, true] {
            var member = PoolMember(id: "c", provider: "p", zone: "z", state: .promoted("home-1"))
            let action = try? member.on(event, isOccupied: isOccupied)
            if case .superseded = event { continue }
            #expect(member.state == .promoted("home-1"), "\(event)")
            let harmless = [nil, "nothing", "alarm", "resume"]
            #expect(harmless.contains(action.map(name)), "\(event) leads to \(action.map(name) ?? "")")
        }
    }

    /// While a takeover by it is under way, whatever happens to it.
    @Test(arguments: everyEvent)
    func aStandbyThatIsNeededStaysOne(event: PoolEvent) {
        var member = PoolMember(id: "c", provider: "p", zone: "z", state: .standby("home-1"))
        let action = try? member.on(event, isOccupied: true)
        if event != .tookOver { #expect(member.state == .standby("home-1"), "\(event)") }
        #expect(![.wipe, .discard, .retire, .provision].contains(action ?? .nothing), "\(event)")
    }

    @Test func whatSomebodyClaimedIsNoStandby() {
        var member = PoolMember(id: "c", provider: "p", zone: "z", state: .idleCold, claim: .move("m1"))
        #expect(throws: UnexpectedPoolEvent.self) {
            try member.on(.seedingRequested(of: "home-1"), isOccupied: false)
        }
    }

    @Test func aStandbyIsNobodysToHave() throws {
        for state in [PoolMemberState.seeding("home-1"), .standby("home-1"), .promoted("home-1")] {
            #expect(!state.isLent && !state.canBeClaimed && state.lease == nil)
            let member = PoolMember(id: "c", provider: "p", zone: "z", state: state)
            var rules = LendingRules()
            rules.max = 1
            #expect(throws: PoolError.self) { try rules.choose("c", of: [member]) }
            let plan = Replenishment(of: [member], floor: WarmFloor(1), unmade: ["z": 1], membersMax: 1)
            #expect(plan.isEmpty, "it counts against the pool's limit")
        }
    }
}
