import ClusterModel
import Settings
import Testing

private let minimal = """
    application: {user: app}
    client_authentication: trust
    instances:
      - {id: home-1, port: 5432, database: shop, user: foreshard, connections: 8}
    groups:
      - id: shop
        key_type: bigint
        tables: {customers: id, sales.orders: customer_id}
    """

@Suite struct ConfigurationTests {
    @Test func aShortConfigurationGetsSafeDefaults() throws {
        let configuration = try Configuration.read(minimal, file: "f.yaml")
        #expect(configuration.controller.mode == .observe)
        #expect(configuration.listen == Listener(host: "127.0.0.1", port: 6432))
        #expect(configuration.instances[0].instance.capacity == Load(8))
        #expect(configuration.groups[0].group.tables[1].table == TableName(schema: "sales", name: "orders"))
        #expect(configuration.groups[0].segments == 16)
        #expect(configuration.controller.prepareConfidence == 0.2)
        #expect(configuration.controller.confidenceLevel == 0.5)
        #expect(configuration.forecast.horizon == .seconds(7200))
    }

    @Test func tablesOfNoGroupAreOnAHome() throws {
        #expect(try Configuration.read(minimal, file: "f.yaml").unsharded == nil)
        #expect(try Configuration.read(minimal + "\nunsharded: home-1", file: "f.yaml").unsharded == "home-1")
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration.read(minimal + "\nunsharded: contingent-1", file: "f.yaml")
        }
        #expect(error.map { "\($0)" }?.contains("`contingent-1`, which is not under `instances`") == true)
    }

    @Test func looksNeedNoPasswords() throws {
        let text = minimal.replacing("client_authentication: trust", with: "users: [{name: app, password_env: NOPE}]")
        #expect(throws: ConfigurationError.self) { try Configuration.read(text, file: "f.yaml", environment: [:]) }
        let configuration = try Configuration.read(text, file: "f.yaml", environment: nil)
        #expect(configuration.users == [User(name: "app", secret: nil)])
    }

    @Test func readsEverySection() throws {
        let text =
            minimal + """

                users: [{name: app, password_env: APP_PASSWORD}]
                pool:
                  {provider: local, warm: 2, instances_max: 3, capacity: 6, connections: 8, zone: b,
                  lend: {max: 2, keep_warm: 1, notice_max: 1m, term_max: 8h, connections: 5, hooks: /etc/hooks}}
                router: {clients_max: 10, queue_timeout: 250ms}
                forecast: {every: 10m, horizon: 3h, models: [prophet+ar, last]}
                controller: {mode: auto, policy: reactive, threshold: 0.7, return_threshold: 0.5}
                moves: {cleanup_grace: 1h, copy_bytes_per_second_max: 50000000}
                events: [{kind: sale, start: 2026-11-27T18:00:00+01:00, end: 2026-11-27T20:00:00Z}]
                """
        let configuration = try Configuration.read(text, file: "f.yaml", environment: ["APP_PASSWORD": "x"])
        #expect(configuration.users == [User(name: "app", secret: .password("x"))])
        #expect(configuration.router.queueTimeout == .milliseconds(250))
        #expect(configuration.moves.cleanupGrace == .seconds(3600))
        #expect(configuration.moves.copyBytesPerSecondMax == 50_000_000)
        let lending = configuration.pool.lending
        #expect(
            lending.max == 2 && lending.keepWarm == 1 && lending.connectionsMax == 5 && lending.hooks == "/etc/hooks")
        #expect(lending.noticeMax == .seconds(60) && lending.termMax == .seconds(8 * 3600))
        #expect(configuration.forecast.horizon == .seconds(3 * 3600))
        #expect(configuration.forecast.models == ["prophet+ar", "last"])
        #expect(configuration.controller.mode == .auto)
        #expect(configuration.moves.cleanupGrace == .seconds(3600))
        #expect(configuration.events[0].start == Timestamp("2026-11-27T17:00:00Z"))
    }

    @Test func anEventSaysWhatIsExpectedOfIt() throws {
        let event = "{kind: x, start: 2026-01-01T00:00:00Z, end: 2026-01-02T00:00:00Z, uplift: 3, lead: 1h, tail: 0m}"
        let configuration = try Configuration.read(minimal + "\nevents: [\(event)]", file: "f.yaml")
        #expect(configuration.events[0].uplift == 3)
        #expect(configuration.events[0].lead == .seconds(3600))
        #expect(configuration.events[0].tail == .zero)
    }

    static let wrong: [(String, String)] = [
        ("contoller: {}", "unknown setting `contoller`: did you mean `controller`?"),
        ("controller: {treshold: 0.7}", "unknown setting `treshold`: did you mean `threshold`?"),
        ("controller: {threshold: 7}", "controller.threshold: must be a number from 0.05 to 1.0"),
        ("controller: {mode: yolo}", "controller.mode: must be one of observe, recommend, auto"),
        ("controller: {threshold: 0.5}", "`controller.return_threshold` must be below `controller.threshold`"),
        (
            "forecast: {models: [spar, arima]}",
            "forecast.models[1]: must be one of spar,ridge,prophet,prophet+ar,lstm,week,day,last"
        ),
        (
            "forecast: {time_zone: Berlin}",
            "forecast.time_zone: must be a time zone's IANA name such as Europe/Berlin or America/New_York, not `Berlin`"
        ),
        ("forecast: {models: []}", "forecast.models: must name at least one model"),
        ("forecast: {every: soon}", "forecast.every: must be a length of time such as 250ms, 10s, 5m, 2h or 7d"),
        ("users: [{name: a, password_env: NOPE}]", "users[0].password_env: the environment has no variable NOPE"),
        ("listen: {host: 0.0.0.0}", "client_authentication: trust is for loopback only"),
        ("pool: {provider: local, locale: a/b}", "pool.locale: must be a locale of this machine (see `locale -a`)"),
        ("pool: {provider: local, lend: {keep_warn: 1}}", "did you mean `keep_warm`?"),
        (
            "pool: {provider: local, warm: 2, instances_max: 2, lend: {max: 1}}",
            "pool.lend: with 2 instances that stay warm there is none to lend: `pool.instances_max` must be above 2"
        ),
        ("pool: {provider: static}", "pool: the setting `instances` is missing"),
        (
            "pool: {provider: static, instances: [{id: home-1, port: 1, database: d, user: u}]}",
            "the instance id `home-1` is used twice"
        ),
        (
            "events: [{kind: x, start: 2026-01-02T00:00:00Z, end: 2026-01-01T00:00:00Z}]",
            "events[0]: ends before it starts"
        ),
        (
            "events: [{kind: x, start: 2026-01-01T00:00:00Z, end: 2062-01-01T00:00:00Z}]",
            "events[0]: lasts longer than 400 days"
        ),
        (
            "events: [{kind: x, start: 2026-02-31T00:00:00Z, end: 2026-04-01T00:00:00Z}]",
            "events[0].start: must be a time with its zone"
        ),
        (
            "events: [{kind: x, start: 2026-02-01T00:00:00+99:99, end: 2026-04-01T00:00:00Z}]",
            "events[0].start: must be a time with its zone"
        ),
        (
            "events: [{kind: x, start: 2026-02-01T00:00:00Z, end: 2026-04-01T00:00:00Z, uplift: 0}]",
            "events[0].uplift: must be a number from 0.01 to 1000.0"
        ),
        (
            "events: [{kind: x, start: 2026-02-01T00:00:00Z, end: 2026-04-01T00:00:00Z, lead: 8d}]",
            "events[0].lead: must be 7d at most"
        ),
        ("listen: [1]", "listen: must be a mapping of settings"),
    ]

    @Test(arguments: wrong)
    func saysWhatIsWrongAndWhere(addition: String, message: String) {
        #expect {
            try Configuration.read(minimal + "\n" + addition, file: "f.yaml")
        } throws: { error in
            guard let error = error as? ConfigurationError else { return false }
            return error.description.contains(message) && error.description.hasPrefix("f.yaml")
        }
    }

    @Test(arguments: [
        ("2028-02-29T00:00:00Z", true), ("2026-02-29T00:00:00Z", false), ("1900-02-29T00:00:00Z", false),
        ("2026-04-31T00:00:00Z", false), ("2026-12-31T00:00:00Z", true), ("2026-01-00T00:00:00Z", false),
        ("2026-01-01T00:00:00+15:59", true), ("2026-01-01T00:00:00+16:00", false), ("2026-01-01T00:00:00-01:60", false),
    ])
    func timesMustExist(text: String, exists: Bool) {
        #expect((Timestamp(text) != nil) == exists)
    }

    @Test(arguments: ["", "a: [", "- 1", "42", "\u{0}", "application: {}"])
    func refusesWhatIsNotAConfiguration(text: String) {
        #expect(throws: ConfigurationError.self) { try Configuration.read(text, file: "f.yaml") }
    }

    @Test func namesTheLine() {
        #expect {
            try Configuration.read(minimal + "\nlisten:\n  prot: 1\n", file: "f.yaml")
        } throws: { ($0 as? ConfigurationError)?.line == 10 }
    }
}
