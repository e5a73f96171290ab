// What stands by for a home in another zone, and when that is told.
import ClusterModel
import ContingentPool
import Testing

@testable import ControlPlane

@Suite struct ContingencyTests {
    private func home(_ id: InstanceID, _ zone: Zone) -> Instance {
        Instance(
            id: id, role: .home, zone: zone,
            endpoint: Endpoint(host: "h", port: 1, database: "d", user: "u", password: nil), capacity: Load(1),
            costPerHour: 1)
    }

    private func designation(_ places: (InstanceID, Zone, PoolMemberState.Kind)...) -> Designation {
        Designation(places: places.map { .init(id: $0, zone: $1, state: $2) })
    }

    @Test(arguments: PoolMemberState.Kind.allCases)
    func whatCouldBeWarmIsDesignated(state: PoolMemberState.Kind) {
        let busy: Set<PoolMemberState.Kind> = [
            .reserved, .active, .seeding, .standby, .promoted, .quarantined, .retired,
        ]
        let contingency = designation(("c1", "b", state)).contingency(ofHomeIn: "a")
        #expect(contingency.isMissing == busy.contains(state))
        #expect(contingency.warm == (state == .warm ? 1 : 0))
        #expect((contingency.complaint == "c1 is \(state.rawValue)") == busy.contains(state))
    }

    @Test func onlyAnotherZoneCounts() {
        let pool = designation(("c1", "a", .warm), ("c2", "a", .warm), ("c3", "b", .quarantined))
        let views = ContingencyView.all(of: [home("home-1", "a"), home("home-2", "b")], in: pool)
        #expect(views.map(\.designated) == [0, 2] && views.map(\.warm) == [0, 2])
        #expect(
            views.compactMap(\.alarm)
                == ["home-1 (zone a) has no contingency in another zone: c3 is quarantined"])
    }

    @Test func aPoolOfTheHomesZoneIsNoContingencyForIt() {
        let views = ContingencyView.all(
            of: [home("home-1", "a"), home("home-2", "b")], in: designation(("c1", "a", .warm)))
        #expect(views.map(\.complaint) == ["the pool has no instance in another zone", nil])
    }

    @Test func whereZonesTellNothingApartNothingIsSaid() {
        let homes = [home("home-1", "a"), home("home-2", "a")]
        #expect(ContingencyView.all(of: homes, in: designation(("c1", "a", .quarantined))).isEmpty)
        #expect(ContingencyView.all(of: [home("home-1", "a"), home("home-2", "b")], in: designation()).isEmpty)
    }

    @Test func anAlarmIsToldWhenItBeginsAndWhenItEnds() {
        let homes = [home("home-1", "a"), home("home-2", "b")]
        let sound = ContingencyView.all(of: homes, in: designation(("c1", "b", .warm), ("c2", "a", .warm)))
        let gone = ContingencyView.all(of: homes, in: designation(("c1", "b", .active), ("c2", "a", .warm)))
        var watch = ContingencyWatch()
        #expect(watch.looked(sound, hasPool: true) == [])
        #expect(watch.looked(gone, hasPool: true) == [.missing(gone[0])])
        #expect(watch.looked(gone, hasPool: true) == [])
        #expect(watch.looked(sound, hasPool: true) == [.found(sound[0])])
        #expect(watch.looked(sound, hasPool: true) == [])
    }

    @Test func oneZoneIsOneNotice() {
        var watch = ContingencyWatch()
        #expect(watch.looked([], hasPool: true) == [.oneZone])
        #expect(watch.looked([], hasPool: true) == [])
        var poolless = ContingencyWatch()
        #expect(poolless.looked([], hasPool: false) == [])
    }
}
