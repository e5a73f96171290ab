// The Prometheus text format. Label values are instance and segment ids and kinds of
// anomalies only: bounded sets.
import ControlPlane

enum MetricsText {
    static func render(
        _ status: StatusView, _ segments: [SegmentView], _ pool: PoolAccountView, _ standbys: [StandbyView]
    ) -> String {
        var text = ""
        gauge("foreshard_routing_epoch", "Version of the routing table.", [([], Double(status.epoch))], &text)
        gauge("foreshard_clients", "Client connections.", [([], Double(status.clients))], &text)
        gauge("foreshard_moves", "Moves under way.", [([], Double(status.moves.count))], &text)
        gauge(
            "foreshard_forecast_stale", "1 when the forecast is too old.", [([], status.isForecastStale ? 1 : 0)], &text
        )
        let kinds = status.anomalies.map { (label: [("kind", $0.kind.replacing(" ", with: "_"))], counts: $0) }
        family(
            "foreshard_anomalies_total", "Anomalies told since the start.", type: "counter",
            kinds.map { ($0.label, Double($0.counts.told)) }, &text)
        gauge(
            "foreshard_anomalies_open", "Anomalies that last, by the last forecast.",
            kinds.map { ($0.label, Double($0.counts.open)) }, &text)
        let transactions = status.distributedTransactions
        family(
            "foreshard_distributed_transactions_total",
            "Transactions over several instances since the start; those in doubt were settled later.", type: "counter",
            [
                ([("outcome", "committed")], Double(transactions.committed)),
                ([("outcome", "rolled_back")], Double(transactions.rolledBack)),
                ([("outcome", "in_doubt")], Double(transactions.inDoubt)),
            ], &text)
        perInstance("load", "Average active sessions.", status) { $0.load }
        perInstance("capacity", "Load carried at the latency objective.", status) { $0.capacity }
        perInstance("connections_in_use", "Back-end connections in use.", status) { Double($0.connectionsInUse) }
        perInstance("statements_waiting", "Sessions that wait for a back-end.", status) { Double($0.statementsWaiting) }
        perInstance("predicted_peak", "Highest median of the forecast.", status) { $0.predictedPeak }
        perInstance("overload_probability", "Highest probability of exceeding the threshold.", status) {
            $0.overloadProbability
        }
        gauge(
            "foreshard_segment_load", "Average active sessions.",
            segments.map { ([("segment", $0.segmentID), ("instance", $0.location)], $0.load) }, &text)
        renderPool(pool, &text)
        render(status.contingencies, &text)
        render(standbys, &text)

        func perInstance(
            _ name: String, _ help: String, _ status: StatusView, _ value: (InstanceView) -> Double?
        ) {
            gauge(
                "foreshard_instance_\(name)", help,
                status.instances.compactMap { instance in value(instance).map { ([("instance", instance.id)], $0) } },
                &text)
        }
        return text
    }

    /// Only of instances that have or had a standby.
    private static func render(_ standbys: [StandbyView], _ text: inout String) {
        guard !standbys.isEmpty else { return }
        func each(_ name: String, _ help: String, type: String = "gauge", _ value: (StandbyView) -> Double?) {
            family(
                name, help, type: type,
                standbys.compactMap { view in value(view).map { ([("instance", view.instance)], $0) } }, &text)
        }
        each("foreshard_standby_usable", "1 when the instance has a standby that could take over.") {
            $0.isUsable ? 1 : 0
        }
        each("foreshard_standby_streaming", "1 when the standby streams.") { $0.state == "streaming" ? 1 : 0 }
        each("foreshard_standby_synchronous", "1 when everything acknowledged is on the standby.") {
            $0.isSynchronous.map { $0 ? 1 : 0 }
        }
        each("foreshard_standby_lag_bytes", "Log of the instance that the standby lacks.") {
            $0.lagBytes.map(Double.init)
        }
        each("foreshard_standby_lag_seconds", "Age of what the standby replayed last, while it lacks some.") {
            $0.lagSeconds
        }
        each("foreshard_instance_alarm", "1 when the instance does not answer as a living one does.") {
            ["cut_off", "blind", "dead"].contains($0.verdict) ? 1 : 0
        }
        each("foreshard_instance_without_standby", "1 while an instance that had or is to have a standby has none.") {
            $0.standby == nil ? 1 : 0
        }
        each("foreshard_takeovers_total", "Takeovers that are known of since the start.", type: "counter") {
            Double($0.takeovers)
        }
    }

    private static func renderPool(_ pool: PoolAccountView, _ text: inout String) {
        func counter(_ name: String, _ help: String, _ value: Double) {
            family("foreshard_pool_\(name)_total", help, type: "counter", [([], value)], &text)
        }
        gauge("foreshard_pool_leases", "Instances lent to others.", [([], Double(pool.leasesRunning))], &text)
        counter("leases_ended", "Leases that are over.", Double(pool.leasesEnded))
        counter("revocations", "Leases ended before their expiry.", Double(pool.revocations))
        counter("lessee_hours", "Hours that instances were lent.", pool.lesseeHours)
        counter("lease_income", "What lessees owe, in the configured currency.", pool.income)
        counter("idle_hours", "Hours that warm instances stood idle.", pool.idleHours)
        counter("idle_cost", "What idle warm instances cost, in the configured currency.", pool.idleCost)
        gauge(
            "foreshard_pool_revocation_seconds", "From the order to its effect, of the newest revocations.",
            [("0.5", pool.revocationSecondsMedian), ("0.95", pool.revocationSeconds95)].compactMap { level, value in
                value.map { ([("quantile", level)], $0) }
            }, &text)
    }

    /// Only where there are several zones.
    private static func render(_ contingencies: [ContingencyView], _ text: inout String) {
        guard !contingencies.isEmpty else { return }
        gauge(
            "foreshard_home_without_contingency", "1 when nothing in another zone stands by for the home.",
            contingencies.map { ([("instance", $0.home)], $0.complaint == nil ? 0 : 1) }, &text)
    }

    private static func gauge(
        _ name: String, _ help: String, _ samples: [([(String, String)], Double)], _ text: inout String
    ) {
        family(name, help, type: "gauge", samples, &text)
    }

    private static func family(
        _ name: String, _ help: String, type: String, _ samples: [([(String, String)], Double)], _ text: inout String
    ) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        for (labels, value) in samples {
            let inside = labels.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",")
            text += inside.isEmpty ? "\(name) \(value)\n" : "\(name){\(inside)} \(value)\n"
        }
    }
}
