import ClusterModel
import Testing

@testable import ContingentPool

private let endpoint = Endpoint(host: "h", port: 1, database: "d", user: "u", password: nil)
private let holder = PoolHolder.move("m1")

/// Every state of a member that nobody needs against every event: `state/action`, or `-` where the event does not fit.
/// `=` is the same state. The columns are `events`.
private let table: [PoolMemberState.Kind: String] = [
    //             make              made      warming      warmed  resumed    lent       activated   givenBack      drained      wiped     failed            unwell            cleared         retire          recovered
    .absent: """
    provisioning/provision -     -            -       -          -          active/revive -            -            -         -                 -                 -               retired/retire  =/nothing
    """,
    .provisioning: """
    -                 idleCold/nothing -     -       -          -          active/revive -            -            -         quarantined/alarm -                 -               -               absent/discard
    """,
    .idleCold: """
    -                 -         warming/warm -       -          -          active/revive -            -            -         -                 -                 -               retired/retire  =/nothing
    """,
    .warming: """
    -                 -         -            warm/nothing -     -          active/revive -            -            -         quarantined/alarm -                 -               -               wiping/wipe
    """,
    .warm: """
    -                 -         -            -       -          reserved/nothing active/nothing -     -            -         -                 quarantined/alarm -               retired/retire  wiping/wipe
    """,
    .granting: """
    -                 -         -            -       -          -          active/evict  -            -            -         ending/cutOff     -                 -               -               ending/cutOff
    """,
    .leased: """
    -                 -         -            -       =/nothing  -          active/evict  -            -            -         ending/cutOff     ending/cutOff     -               -               =/resume
    """,
    .revoking: """
    -                 -         -            -       =/nothing  -          active/evict  -            -            -         ending/cutOff     ending/cutOff     -               -               =/resume
    """,
    .ending: """
    -                 -         -            -       -          -          active/evict  -            -            -         wiping/wipe       -                 -               -               =/cutOff
    """,
    .reserved: """
    -                 -         -            -       =/nothing  -          active/nothing draining/drain -          -         =/alarm           quarantined/revoke -              -               =/resume
    """,
    .active: """
    -                 -         -            -       =/nothing  -          =/nothing    draining/drain -            -         =/alarm           =/revive          -               -               =/resume
    """,
    .draining: """
    -                 -         -            -       =/nothing  -          active/nothing =/drain     wiping/wipe  -         =/alarm           =/revive          -               -               =/resume
    """,
    .wiping: """
    -                 -         -            -       -          -          active/revive -            -            idleCold/nothing quarantined/alarm -          -               -               =/wipe
    """,
    .seeding: """
    -                 -         -            -       -          -          -             -            -            -         wiping/wipe       -                 -               -               wiping/wipe
    """,
    .standby: """
    -                 -         -            -       =/nothing  -          =/alarm       -            -            -         =/alarm           =/revive          -               -               =/resume
    """,
    .promoted: """
    -                 -         -            -       =/nothing  -          =/nothing     -            -            -         =/alarm           =/alarm           -               -               =/resume
    """,
    .quarantined: """
    -                 -         -            -       -          -          active/revive -            -            -         -                 -                 draining/drain  retired/retire  =/nothing
    """,
    .retired: """
    -                 -         -            -       -          -          active/revive -            -            -         -                 -                 -               -               =/retire
    """,
]

private let events: [PoolEvent] = [
    .provisioningRequested, .provisioned, .warmingRequested, .warmed(at: endpoint), .resumed(at: endpoint),
    .reserved(for: holder), .activated, .givenBack, .drained, .wiped, .operationFailed(reason: "r"),
    .checkFailed(reason: "r"), .cleared, .retirementRequested, .recovered,
]

/// Of epoch 1, from 0 s to 1000 s, with 100 s of notice.
func someLease(heartbeat: Duration? = nil) -> Lease {
    let terms = LeaseTerms(
        holder: "Ann", purpose: "analysis", pricePerHour: 0.5, term: .seconds(1000), notice: .seconds(100),
        heartbeat: heartbeat)
    return Lease(epoch: LeaseEpoch(1), terms: terms, grantedAt: Timestamp(seconds: 0))
}

/// Ordered at 200 s.
let someRevocation = Revocation(of: someLease(), because: .recalled, at: Timestamp(seconds: 200))

func memberState(_ kind: PoolMemberState.Kind) -> PoolMemberState {
    switch kind {
    case .absent: .absent
    case .provisioning: .provisioning
    case .idleCold: .idleCold
    case .warming: .warming
    case .warm: .warm
    case .granting: .granting(someLease())
    case .leased: .leased(someLease())
    case .revoking: .revoking(someRevocation)
    case .ending: .ending(someRevocation)
    case .reserved: .reserved(holder)
    case .active: .active
    case .draining: .draining
    case .wiping: .wiping
    case .seeding: .seeding("home-1")
    case .standby: .standby("home-1")
    case .promoted: .promoted("home-1")
    case .quarantined: .quarantined(reason: "q")
    case .retired: .retired
    }
}

func name(_ action: PoolAction) -> String { String("\(action)".prefix { $0 != "(" }) }

@Suite struct PoolMemberTests {
    @Test(arguments: PoolMemberState.Kind.allCases)
    func everyStateMeetsEveryEvent(kind: PoolMemberState.Kind) throws {
        let cells = try #require(table[kind], "the table has no row for \(kind)").split(separator: " ").map(String.init)
        try #require(cells.count == events.count, "the row of \(kind) has \(cells.count) cells, not \(events.count)")
        for (event, cell) in zip(events, cells) {
            var member = PoolMember(id: "c", provider: "p", zone: "z", state: memberState(kind))
            let before = member
            do {
                let action = try member.on(event, isOccupied: false)
                let after = member.state.kind == kind ? "=" : member.state.kind.rawValue
                #expect("\(after)/\(name(action))" == cell, "\(kind) \(event)")
            } catch {
                #expect(cell == "-", "\(kind) refused \(event)")
                #expect(member == before)
            }
        }
    }

    /// The same events, when the catalog says that something on the member is needed.
    @Test(arguments: PoolMemberState.Kind.allCases)
    func whatIsNeededIsNeitherEmptiedNorSetAside(kind: PoolMemberState.Kind) throws {
        for event in events {
            var free = PoolMember(id: "c", provider: "p", zone: "z", state: memberState(kind))
            var needed = free
            let usual = try? free.on(event, isOccupied: false)
            let action = try? needed.on(event, isOccupied: true)
            #expect((usual == nil) == (action == nil), "\(kind) \(event) fits or not, whoever needs it")
            guard let action else { continue }
            #expect(needed.state.mayBeOccupied, "\(kind) \(event)")
            #expect(!["provision", "wipe", "discard", "retire"].contains(name(action)), "\(kind) \(event)")
            if !free.state.mayBeOccupied, kind != .reserved {
                let expected = free.state.lease == nil && memberState(kind).lease == nil ? "revive" : "evict"
                #expect(needed.state == .active && name(action) == expected, "\(kind) \(event)")
            }
        }
    }

    @Test func aReservedMemberThatIsNeededIsStartedAgainForItsHolder() throws {
        var member = PoolMember(id: "c", provider: "p", zone: "z", state: .reserved(holder))
        let action = try member.on(.checkFailed(reason: "dead"), isOccupied: true)
        #expect(action == .revive("is needed and does not answer: dead"))
        #expect(member.state == .reserved(holder))
    }

    @Test func revocationNamesTheHolder() throws {
        var member = PoolMember(id: "c", provider: "p", zone: "z", state: .reserved(holder))
        #expect(try member.on(.checkFailed(reason: "dead"), isOccupied: false) == .revoke(holder))
        #expect(member.state == .quarantined(reason: "dead"))
    }

    @Test func remembersWhereItListens() throws {
        var member = PoolMember(id: "c", provider: "p", zone: "z", state: .warming)
        _ = try member.on(.warmed(at: endpoint), isOccupied: false)
        #expect(member.endpoint == endpoint)
    }

    /// Whatever happens in whatever order, a member that may hold the only copy of something is never wiped before it
    /// was found to be unneeded.
    @Test(arguments: 0..<200)
    func randomEventsNeverWipeWhatWasNotDrained(seed: UInt64) {
        var generator = Seeded(state: seed)
        var member = PoolMember(id: "c", provider: "p", zone: "z")
        var mayHoldRows = false
        for _ in 0..<300 {
            guard let event = events.randomElement(using: &generator),
                let action = try? member.on(event, isOccupied: false)
            else { continue }
            if event == .drained { mayHoldRows = false }
            if member.state.kind == .reserved { mayHoldRows = true }
            if case .wipe = action { #expect(!mayHoldRows, "seed \(seed)") }
        }
    }
}

/// SplitMix64.
struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
