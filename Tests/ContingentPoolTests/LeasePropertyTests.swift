// Thousands of random lives of a small pool against a model of the world: who can log in, and whose data is there.
// A crash may come between any two steps: what was ordered is then not done, and `recovered` follows.
import ClusterModel
import Testing

@testable import ContingentPool

/// What is really on an instance, whatever the pool thinks.
private struct World {
    var logins: Set<LeaseEpoch> = []
    var holdsLesseesData = false
    /// Epochs that were cut off, ever.
    var over: Set<LeaseEpoch> = []
}

private struct Life {
    var generator: SeededGenerator
    var members: [PoolMember] = (0..<4).map {
        PoolMember(id: InstanceID("c\($0)"), provider: "p", zone: $0 < 2 ? "a" : "b", state: .warm)
    }
    var worlds = [World](repeating: World(), count: 4)
    var pending: [PoolAction?] = [nil, nil, nil, nil]
    var now = Timestamp(seconds: 0)
    var lastEpochs = [LeaseEpoch](repeating: .none, count: 4)
    let rules: LendingRules
    var lent = 0
    /// What must never be, and was.
    var broken: Set<String> = []
    static let endpoint = Endpoint(host: "h", port: 1, database: "d", user: "u", password: nil)

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        var rules = LendingRules()
        rules.max = 2
        if seed.isMultiple(of: 3) { rules.keepWarmInZones = ["a": 2] }
        self.rules = rules
    }

    /// An order is obeyed only when the one before is done, as the pool does.
    mutating func apply(_ event: PoolEvent, to index: Int) {
        guard let action = try? members[index].on(event, isOccupied: false, at: now) else { return }
        pending[index] = action == .nothing ? pending[index] : action
    }

    /// Carries out what was ordered, well or not, and tells the member.
    mutating func obey(_ index: Int, failing: Bool) {
        guard let action = pending[index] else { return }
        pending[index] = nil
        let failed = PoolEvent.operationFailed(reason: "r")
        switch action {
        case .provision, .discard: apply(failing ? failed : .provisioned, to: index)
        case .warm: apply(failing ? failed : .warmed(at: Self.endpoint), to: index)
        case .resume, .revive: apply(failing ? failed : .resumed(at: Self.endpoint), to: index)
        case .drain: apply(.drained, to: index)
        case .cutOff(let revocation):
            if !failing {
                worlds[index].logins.remove(revocation.lease.epoch)
                worlds[index].over.insert(revocation.lease.epoch)
            }
            apply(failing ? failed : .lesseeCutOff, to: index)
        case .evict(let lease, _):
            worlds[index].logins.remove(lease.epoch)
            worlds[index].over.insert(lease.epoch)
        case .wipe:
            guard !failing else { return apply(failed, to: index) }
            worlds[index].over.formUnion(worlds[index].logins)
            worlds[index].logins = []
            worlds[index].holdsLesseesData = false
            apply(.wiped, to: index)
        case .nothing, .seed, .retire, .revoke, .alarm, .announce: break
        }
    }

    mutating func lend() {
        guard let id = try? rules.choose(nil, of: members), let index = members.firstIndex(where: { $0.id == id })
        else {
            return
        }
        let warm = members.count { $0.state == .warm }
        let zone = members.count { $0.state == .warm && $0.zone == members[index].zone }
        expect(
            warm > rules.keepWarm && zone > max(1, rules.keepWarmInZones[members[index].zone] ?? 1),
            "the last warm member of a zone was lent")
        let terms = LeaseTerms(
            holder: "x", purpose: "y", term: .seconds(Int64.random(in: 50...500, using: &generator)),
            notice: .seconds(Int64.random(in: 0...40, using: &generator)),
            heartbeat: Bool.random(using: &generator) ? .seconds(30) : nil)
        apply(.lent(terms), to: index)
        guard let lease = members[index].state.lease else { return }
        expect(lease.epoch > lastEpochs[index], "an epoch came again")
        lastEpochs[index] = lease.epoch
        lent += 1
        // The role is made before anybody is told; then it may crash, fail or go well.
        worlds[index].logins.insert(lease.epoch)
        worlds[index].holdsLesseesData = true
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: crash()
        case 1: apply(.operationFailed(reason: "r"), to: index)
        default: apply(.admitted, to: index)
        }
    }

    mutating func crash() {
        for index in members.indices {
            pending[index] = nil
            apply(.recovered, to: index)
        }
    }

    mutating func step() {
        now = now + .seconds(Int64.random(in: 0...20, using: &generator))
        let index = Int.random(in: members.indices, using: &generator)
        let epoch = LeaseEpoch(Int64.random(in: 1...6, using: &generator))
        switch Int.random(in: 0..<20, using: &generator) {
        case 0...3: obey(index, failing: false)
        case 4: obey(index, failing: Bool.random(using: &generator))
        case 5, 17: lend()
        case 6: apply(.needed(by: .named("controller")), to: index)
        case 7: apply(.recalled(immediately: Bool.random(using: &generator)), to: index)
        case 8: renew(index, epoch)
        case 9, 10: apply(.leaseClock(listeningSince: Timestamp(seconds: 0)), to: index)
        case 11: if Bool.random(using: &generator) { apply(.reserved(for: .move("m")), to: index) }
        case 12: apply(.givenBack, to: index)
        case 13: if Int.random(in: 0..<5, using: &generator) == 0 { crash() }
        case 14: if Int.random(in: 0..<10, using: &generator) == 0 { apply(.checkFailed(reason: "r"), to: index) }
        case 15: apply(.cleared, to: index)
        case 16: if Int.random(in: 0..<20, using: &generator) == 0 { apply(.activated, to: index) }
        default: upkeep(index)
        }
    }

    private mutating func renew(_ index: Int, _ epoch: LeaseEpoch) {
        let before = members[index].state
        apply(.renewed(epoch, until: nil), to: index)
        if worlds[index].over.contains(epoch) { expect(members[index].state == before, "an old epoch renewed") }
    }

    private mutating func upkeep(_ index: Int) {
        guard pending[index] == nil else { return }
        switch members[index].state {
        case .absent: apply(.provisioningRequested, to: index)
        case .idleCold: apply(.warmingRequested, to: index)
        case .draining: apply(.givenBack, to: index)
        case .provisioning, .warming, .wiping, .granting, .ending: apply(.recovered, to: index)
        case .warm, .leased, .revoking, .reserved, .active, .seeding, .standby, .promoted, .quarantined, .retired: break
        }
    }

    mutating func expect(_ holds: Bool, _ what: String) {
        if !holds { broken.insert(what) }
    }

    mutating func check() {
        let reservedOrActive = members.count { $0.state.isLent }
        let leased = members.count { $0.state.lease != nil }
        expect(reservedOrActive + leased <= members.count && leased <= rules.max, "more was lent than there is")
        for (member, world) in zip(members, worlds) {
            expect(world.logins.count <= 1, "a member has two holders")
            expect(world.logins.isDisjoint(with: world.over), "an epoch opens again")
            if let epoch = member.state.lease?.epoch {
                expect(world.logins.allSatisfy { $0 == epoch }, "somebody else is on a leased member")
                expect(member.state.kind == .ending || !world.over.contains(epoch), "a lease in force was cut off")
            }
            if [.idleCold, .warming, .warm, .reserved].contains(member.state.kind) {
                expect(world.logins.isEmpty && !world.holdsLesseesData, "a member was not emptied")
            }
        }
    }

    /// Time passes, everything goes well, nobody asks for anything: whatever was lent becomes free.
    mutating func settle() {
        let lent = members.indices.filter { members[$0].state.lease != nil }
        for _ in 0..<12 {
            now = now + .seconds(1000)
            for index in lent {
                apply(.leaseClock(listeningSince: Timestamp(seconds: 0)), to: index)
                obey(index, failing: false)
                upkeep(index)
            }
        }
        for index in lent {
            expect([.warm, .reserved].contains(members[index].state.kind), "no way out of a lease")
        }
    }
}

@Suite struct LeasePropertyTests {
    @Test func randomLivesKeepTheInvariants() {
        var lent = 0
        for seed: UInt64 in 0..<3000 {
            var life = Life(seed: seed)
            for _ in 0..<120 {
                life.step()
                life.check()
            }
            life.settle()
            life.check()
            #expect(life.broken.isEmpty, "seed \(seed)")
            lent += life.lent
        }
        #expect(lent > 3000, "the lives have to lend to mean anything: \(lent)")
    }
}
