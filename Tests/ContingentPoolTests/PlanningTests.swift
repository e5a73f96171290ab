import ClusterModel
import Testing

@testable import ContingentPool

private func members(_ states: [PoolMemberState]) -> [PoolMember] {
    states.enumerated().map { PoolMember(id: InstanceID("c\($0)"), provider: "p", zone: "z", state: $1) }
}

@Suite struct ReplenishmentTests {
    @Test func anEmptyPoolIsFilled() {
        #expect(Replenishment(of: [], warmMin: 2, membersMax: 4).toProvision == 2)
    }

    @Test func idleMembersAreWarmedBeforeNewOnesAreMade() {
        let plan = Replenishment(of: members([.idleCold, .active, .idleCold]), warmMin: 3, membersMax: 9)
        #expect(plan.toWarm == ["c0", "c2"])
        #expect(plan.toProvision == 1)
    }

    @Test(arguments: [PoolMemberState.warm, .warming, .wiping, .provisioning])
    func whatIsOnItsWayCounts(state: PoolMemberState) {
        #expect(Replenishment(of: members([state]), warmMin: 1, membersMax: 9).isEmpty)
    }

    @Test(arguments: [PoolMemberState.reserved(.named("x")), .active, .draining, .quarantined(reason: "q")])
    func whatIsTakenIsReplaced(state: PoolMemberState) {
        #expect(Replenishment(of: members([state]), warmMin: 1, membersMax: 9).toProvision == 1)
    }

    @Test func quarantinedMembersCannotMakeThePoolGrowForEver() {
        let sick = members(Array(repeating: .quarantined(reason: "q"), count: 4))
        #expect(Replenishment(of: sick, warmMin: 1, membersMax: 4).isEmpty)
        #expect(Replenishment(of: members([.retired, .absent]), warmMin: 1, membersMax: 1).toProvision == 1)
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
