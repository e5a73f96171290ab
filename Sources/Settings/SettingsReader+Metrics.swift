// The section `metrics`. Credentials come from the environment only: a monitoring password is seldom worth a secret
// file.
import ClusterModel

extension SettingsReader {
    /// Each metric costs every subject a check of whether it helps.
    private static let metricsMax = 16

    func metrics(_ root: SettingsNode) throws(ConfigurationError) -> [MetricSettings] {
        guard let list = try root.child("metrics") else { return [] }
        var metrics: [MetricSettings] = []
        for item in try list.items() {
            let metric = try metric(item)
            guard !metrics.contains(where: { $0.name == metric.name }) else {
                throw item.error("the name `\(metric.name)` is used twice: give each metric its own")
            }
            metrics.append(metric)
        }
        guard metrics.count <= Self.metricsMax else {
            throw list.error(
                "has \(metrics.count) metrics; \(Self.metricsMax) are allowed: keep those that lead the load")
        }
        return metrics
    }

    private func metric(_ node: SettingsNode) throws(ConfigurationError) -> MetricSettings {
        let name = try identifier(node.required("name"))
        let (server, file) = (try node.child("prometheus"), try node.child("csv"))
        let source: MetricSettings.Source
        switch (server, file) {
        case (let server?, nil): source = .prometheus(try prometheus(server, node))
        case (nil, let file?): source = .csv(path: try file.string())
        case (nil, nil):
            throw node.error("needs a source: `prometheus` (an address, with `query`) or `csv` (a file)")
        case (_?, _?): throw node.error("has both `prometheus` and `csv`: a metric has one source")
        }
        let metric = MetricSettings(name: name, source: source, segments: try segments(node))
        try node.finish()
        return metric
    }

    private func segments(_ node: SettingsNode) throws(ConfigurationError) -> [SegmentID]? {
        guard let list = try node.child("segments") else { return nil }
        var ids: [SegmentID] = []
        for item in try list.items() { ids.append(SegmentID(try item.string())) }
        guard !ids.isEmpty else { throw list.error("names no segment: leave it out for all") }
        return ids
    }

    private func prometheus(
        _ server: SettingsNode, _ node: SettingsNode
    ) throws(ConfigurationError) -> PrometheusSettings {
        let url = try server.string()
        guard !url.contains("@") else {
            throw server.error("must not contain credentials: use `user` with `password_env`, or `token_env`")
        }
        guard url.wholeMatch(of: #/https?://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._\-]+)(:[0-9]{1,5})?(/[^?#\s]*)?/#) != nil
        else {
            throw server.error("must be an address such as http://127.0.0.1:9090, without `?` and `#`")
        }
        let query = try node.required("query").string()
        return PrometheusSettings(url: url, query: query, credential: try credential(node))
    }

    private func credential(_ node: SettingsNode) throws(ConfigurationError) -> PrometheusSettings.Credential? {
        let (user, password) = (try node.child("user")?.string(), try secret(node, "password_env"))
        let token = try secret(node, "token_env")
        switch (user, password, token) {
        case (nil, nil, nil): return nil
        case (let user?, let password?, nil):
            guard !user.contains(":") else { throw node.error("`user` must not contain a colon") }
            return .basic(user: user, password: password)
        case (nil, nil, let token?): return .bearer(token: token)
        default: throw node.error("needs either `user` and `password_env`, or `token_env` alone, or none of them")
        }
    }

    /// The variable that `key` names; empty where the environment is not wanted.
    private func secret(_ node: SettingsNode, _ key: String) throws(ConfigurationError) -> String? {
        guard let variable = try node.child(key) else { return nil }
        let name = try variable.string()
        guard let environment else { return "" }
        guard let value = environment[name] else { throw variable.error("the environment has no variable \(name)") }
        guard !value.isEmpty, value.allSatisfy({ $0.isASCII && !$0.isNewline && $0 != "\0" }) else {
            throw variable.error("the variable \(name) must be one line of ASCII text")
        }
        return value
    }
}
