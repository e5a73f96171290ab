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
        tables: {customers: id}

    """

private func read(_ metrics: String, environment: [String: String]? = [:]) throws -> Configuration {
    try Configuration.read(minimal + metrics, file: "f.yaml", environment: environment)
}

@Suite struct MetricSettingsTests {
    @Test func readsMetrics() throws {
        let text = """
            statement_metrics: true
            metrics:
              - {name: signups, prometheus: "http://127.0.0.1:9090", query: "sum(rate(signups_total[5m]))", segments: [a, b]}
              - {name: queue, csv: metrics/queue.csv}
              - {name: paid, prometheus: "https://m.example/prom/", query: x, user: u, password_env: P}
              - {name: sold, prometheus: "http://[::1]:9090", query: x, token_env: T}
            """
        let configuration = try read(text, environment: ["P": "secret", "T": "token"])
        #expect(configuration.readsStatements)
        #expect(
            configuration.metrics == [
                MetricSettings(
                    name: "signups",
                    source: .prometheus(.init(url: "http://127.0.0.1:9090", query: "sum(rate(signups_total[5m]))")),
                    segments: ["a", "b"]),
                MetricSettings(name: "queue", source: .csv(path: "metrics/queue.csv")),
                MetricSettings(
                    name: "paid",
                    source: .prometheus(
                        .init(
                            url: "https://m.example/prom/", query: "x",
                            credential: .basic(user: "u", password: "secret")))),
                MetricSettings(
                    name: "sold",
                    source: .prometheus(
                        .init(url: "http://[::1]:9090", query: "x", credential: .bearer(token: "token")))),
            ])
        #expect(try read(text, environment: nil).metrics.count == 4)
        #expect(try read("").metrics.isEmpty && !read("").readsStatements)
    }

    @Test(
        arguments: [
            ("statement_metrics: often", "statement_metrics: must be true or false"),
            ("metrics: queue.csv", "metrics: must be a list"),
            ("metrics: [{csv: a}]", "metrics[0]: the setting `name` is missing"),
            ("metrics: [{name: Queue Length, csv: a}]", "metrics[0].name: must be lower-case"),
            ("metrics: [{name: a}]", "needs a source"),
            ("metrics: [{name: a, csv: a, prometheus: 'http://b', query: x}]", "has both"),
            ("metrics: [{name: a, prometheus: 'http://b'}]", "the setting `query` is missing"),
            (
                "metrics: [{name: a, prometheus: 'b:9090', query: x}]",
                "must be an address such as http://127.0.0.1:9090"
            ),
            ("metrics: [{name: a, prometheus: 'http://b?x=1', query: x}]", "must be an address"),
            ("metrics: [{name: a, prometheus: 'http://u:p@b', query: x}]", "must not contain credentials"),
            ("metrics: [{name: a, csv: a, query: x}]", "unknown setting `query`"),
            ("metrics: [{name: a, csv: a}, {name: a, csv: b}]", "metrics[1]: the name `a` is used twice"),
            ("metrics: [{name: a, csv: a, segments: []}]", "metrics[0].segments: names no segment"),
            ("metrics: [{name: a, prometheus: 'http://b', query: x, user: u}]", "needs either `user` and"),
            ("metrics: [{name: a, prometheus: 'http://b', query: x, token_env: NO}]", "has no variable NO"),
            ("metrics: [{name: a, prometheus: 'http://b', query: x, token_env: TWO}]", "must be one line"),
            (
                "metrics: [\((0..<17).map { "{name: m\($0), csv: a}" }.joined(separator: ", "))]",
                "has 17 metrics; 16 are allowed"
            ),
        ])
    func saysWhatIsWrong(text: String, message: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try read(text, environment: ["TWO": "a\nb"]) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
        #expect(error?.description.hasPrefix("f.yaml:") == true)
    }
}
