import ClusterModel
import Testing

@testable import ContingentPool

private func members(_ states: [PoolMemberState]) -> [PoolMember] {
    states.enumerated().map { PoolMember(id: InstanceID("c\($0)"), provider: "p", zone: "z", state: $1) }
}

@Suite struct ReplenishmentTests {
    @Test func anEmptyPoolIsFilled() {
        #expect(Replenishment(of: [], floor: WarmFloor(2), unmade: ["z": 9], membersMax: 4).toProvision.count == 2)
    }

    @Test func idleMembersAreWarmedBeforeNewOnesAreMade() {
        let plan = Replenishment(
            of: members([.idleCold, .active, .idleCold]), floor: WarmFloor(3), unmade: ["z": 9], membersMax: 9)
        #expect(plan.toWarm == ["c0", "c2"])
        #expect(plan.toProvision.count == 1)
    }

    @Test(arguments: [PoolMemberState.warm, .warming, .wiping, .provisioning])
    func whatIsOnItsWayCounts(state: PoolMemberState) {
        #expect(Replenishment(of: members([state]), floor: WarmFloor(1), unmade: ["z": 9], membersMax: 9).isEmpty)
    }

    @Test(arguments: [PoolMemberState.reserved(.named("x")), .active, .draining, .quarantined(reason: "q")])
    func whatIsTakenIsReplaced(state: PoolMemberState) {
        #expect(
            Replenishment(of: members([state]), floor: WarmFloor(1), unmade: ["z": 9], membersMax: 9).toProvision.count
                == 1)
    }

    @Test func quarantinedMembersCannotMakeThePoolGrowForEver() {
        let sick = members(Array(repeating: .quarantined(reason: "q"), count: 4))
        #expect(Replenishment(of: sick, floor: WarmFloor(1), unmade: ["z": 9], membersMax: 4).isEmpty)
        #expect(
            Replenishment(of: members([.retired, .absent]), floor: WarmFloor(1), unmade: ["z": 9], membersMax: 1)
                .toProvision.count == 1)
    }
}

@Suite struct ZonedReplenishmentTests {
    private let floor = WarmFloor(zones: ["b": 1, "c": 1])

    private func members(_ states: (InstanceID, Zone, PoolMemberState)...) -> [PoolMember] {
        states.map { PoolMember(id: $0, provider: "p", zone: $1, state: $2) }
    }

    private func plan(
        _ members: [PoolMember], _ floor: WarmFloor, unmade: [Zone: Int] = ["b": 4, "c": 4], membersMax: Int = 9
    ) -> Replenishment { Replenishment(of: members, floor: floor, unmade: unmade, membersMax: membersMax) }

    @Test func eachZoneGetsItsOwn() {
        #expect(plan([], floor).toProvision == ["b", "c"])
        let rich = members(("b1", "b", .warm), ("b2", "b", .warm), ("b3", "b", .idleCold))
        #expect(plan(rich, floor).toProvision == ["c"], "what is warm in b does not help c")
        #expect(plan(rich, floor).toWarm == [])
    }

    @Test func idleMembersOfTheZoneAreWarmedFirst() {
        let idle = members(("b1", "b", .warm), ("b2", "b", .idleCold), ("c1", "c", .idleCold))
        #expect(plan(idle, floor).toWarm == ["c1"])
        #expect(plan(idle, floor).toProvision == [])
    }

    @Test func whatIsOnItsWayInTheZoneCounts() {
        #expect(plan(members(("b1", "b", .warming), ("c1", "c", .provisioning)), floor).isEmpty)
        #expect(plan(members(("b1", "b", .warm), ("b2", "b", .wiping)), floor).toProvision == ["c"])
    }

    @Test func theRestOfTheTotalComesFromAnywhere() {
        #expect(plan([], floor.raised(to: 3)).toProvision == ["b", "c", nil])
        let idle = members(("b1", "b", .warm), ("c1", "c", .warm), ("c2", "c", .idleCold))
        #expect(plan(idle, floor.raised(to: 3)).toWarm == ["c2"])
        #expect(plan(idle, floor).isEmpty)
    }

    /// A zone whose instances are all set aside does not take the place of one that has some.
    @Test func aZoneThatCannotHaveItsOwnLeavesTheOthersTheirs() {
        let sick = members(("b1", "b", .quarantined(reason: "q")))
        #expect(plan(sick, floor, unmade: ["c": 1], membersMax: 2).toProvision == ["c"])
        #expect(plan(sick, floor, unmade: ["c": 1], membersMax: 1).toProvision == [])
        #expect(plan(sick, floor.raised(to: 3), unmade: ["c": 1], membersMax: 9).toProvision == ["c"])
    }
}

@Suite struct ReadinessTimesTests {
    @Test func tellsQuantilesOfTheNewestValues() {
        var times = ReadinessTimes()
        #expect(times.quantile(0.95, of: .warming, by: "local") == nil)
        for value in 1...300 {
            times.record(PoolTiming(provider: "local", operation: .warming, seconds: Double(value)))
        }
        #expect(times.values(.warming, by: "local").first == 45)
        #expect(times.values(.warming, by: "local").count == ReadinessTimes.valuesMax)
        #expect(times.quantile(1, of: .warming, by: "local") == 300)
        #expect(times.quantile(0, of: .warming, by: "local") == 45)
        #expect(times.quantile(0.5, of: .warming, by: "local") == 172)
        #expect(times.quantile(0.5, of: .wiping, by: "local") == nil)
    }
}

@Suite struct SchemaTextTests {
    private let dump = """
        --
        -- PostgreSQL database dump
        --

        \\restrict abc

        SET check_function_bodies = false;

        --
        -- Name: orders; Type: TABLE; Schema: public; Owner: shop
        --

        CREATE TABLE public.orders (id bigint);


        --
        -- Name: orders foreshard_guard_1; Type: TRIGGER; Schema: public; Owner: shop
        --

        CREATE TRIGGER foreshard_guard_1 BEFORE INSERT ON public.orders FOR EACH ROW EXECUTE FUNCTION foreshard.guard();

        --
        -- Name: orders audit; Type: TRIGGER; Schema: public; Owner: shop
        --

        CREATE TRIGGER audit AFTER INSERT ON public.orders FOR EACH ROW EXECUTE FUNCTION public.audit();

        \\unrestrict abc

        """

    @Test func splitsADumpAndLeavesOutWhatBelongsToMoves() {
        let entries = SchemaDump(text: dump).entries
        #expect(entries.map(\.name) == ["", "orders", "orders audit"])
        #expect(entries.map(\.type) == ["", "TABLE", "TRIGGER"])
        #expect(!entries.contains { $0.sql.contains("restrict") || $0.sql.contains("foreshard") })
    }

    @Test func takesPlainTextAsOneEntry() {
        #expect(SchemaDump(text: "CREATE TABLE a ();\nCREATE TABLE b ();").entries.count == 1)
        #expect(SchemaDump(text: "-- nothing\n\n").entries.isEmpty)
    }

    @Test func rolesSpareWhoeverAppliesThem() {
        let dump = RoleDump(
            text: """
                SET default_transaction_read_only = off;
                CREATE ROLE foreshard;
                ALTER ROLE foreshard WITH SUPERUSER PASSWORD 'x';
                CREATE ROLE "Shop";
                ALTER ROLE "Shop" WITH LOGIN;
                CREATE ROLE foreshard_reader;
                GRANT foreshard_reader TO "Shop" GRANTED BY foreshard;
                """
        )
        #expect(
            dump.statements(without: "foreshard") == [
                "CREATE ROLE \"Shop\";", "ALTER ROLE \"Shop\" WITH LOGIN;", "CREATE ROLE foreshard_reader;",
                "GRANT foreshard_reader TO \"Shop\" GRANTED BY foreshard;",
            ]
        )
        #expect(!dump.statements(without: "Shop").contains { $0.hasPrefix("ALTER ROLE \"Shop\"") })
        #expect(!"\(dump)".contains("PASSWORD"))
    }

    @Test func aPasswordOfOurOwnComesAfterTheHomes() {
        let home = RoleDump(text: "ALTER ROLE app WITH LOGIN PASSWORD 'md5 of the home';")
        let schema = InstanceSchema(roles: home, schema: .empty).settingPassword(of: "app", to: "it's")
        #expect(schema.roles.statements.last == "ALTER ROLE \"app\" PASSWORD 'it''s';")
        #expect(schema.roles.statements(without: "foreshard").count == 2)
        #expect(!"\(schema)".contains("it''s"))
    }
}
