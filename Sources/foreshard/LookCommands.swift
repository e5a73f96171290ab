// The commands that only look. Each asks the running server for one view and prints it.
import Admin
import ArgumentParser
import ControlPlane

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Instances, their load and what is expected of it.")
    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await server.show(StatusView.self, from: "status") { view in
            var table = TextTable(
                "INSTANCE", "ROLE", "ZONE", "STATE", "SEGMENTS", "LOAD", "CAPACITY", "P99 MS", "IN USE", "WAITING",
                "PEAK", "AT", "OVERLOAD")
            for instance in view.instances {
                table.add(
                    instance.id, instance.role, instance.zone, instance.state, "\(instance.segments)",
                    number(instance.load), number(instance.capacity), number(instance.p99Milliseconds, digits: 1),
                    "\(instance.connectionsInUse)", "\(instance.statementsWaiting)", number(instance.predictedPeak),
                    shownTime(instance.predictedPeakAt, now: view.now),
                    percent(instance.overloadProbability))
            }
            let open = view.anomalies.reduce(0) { $0 + $1.open }
            let anomalies = open == 0 ? "" : ", \(open) anomalies (see `foreshard anomalies`)"
            let alarms = view.contingencies.compactMap(\.alarm).map { "\nalarm: \($0)" }.joined()
            let forecast = view.forecastIssuedAt.map { "forecast of \($0)\(view.isForecastStale ? " (stale)" : "")" }
            return """
                \(view.now)  mode \(view.mode), policy \(view.policy), routing epoch \(view.epoch), \
                \(view.clients) clients, \(view.moves.count) moves under way, \
                \(forecast ?? "no forecast yet")\(anomalies)\(view.freezes.map { "\nfrozen \($0)" }.joined())\(alarms)

                \(table.text)
                """
        }
    }
}

struct Segments: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Segments: where they are, their load, their next peak.")
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let now = try await server.clusterTime()
        try await server.show([SegmentView].self, from: "segments") { views in
            var table = TextTable(
                "SEGMENT", "GROUP", "ON", "HOME", "LOAD", "P99 MS", "PEAK", "AT", "FROM HASH", "TO HASH")
            for view in views {
                table.add(
                    view.segmentID, view.group, view.location, view.home, number(view.load),
                    number(view.p99Milliseconds, digits: 1), number(view.predictedPeak),
                    shownTime(view.predictedPeakAt, now: now), "\(view.lower)", "\(view.upper)")
            }
            return table.text
        }
    }
}

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "What the controller would do now, and why.")
    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await server.show(PlanView?.self, from: "plan") { plan in
            guard let plan else { return "no plan yet: the first is made after the first forecast" }
            let actions = plan.actions.map { action in
                let proposal = action.authority == "afterApproval" ? "[\(action.id)] " : ""
                return "\(proposal)\(action.what.replacing("_", with: " ")): \(action.because)"
            }
            let hint =
                plan.actions.contains { $0.authority == "afterApproval" } ? ["approve with: foreshard approve ID"] : []
            let notes = plan.notes.map { "waiting: \($0)" }
            let lines = actions.isEmpty && notes.isEmpty ? ["nothing to do"] : actions + notes + hint
            return
                "plan of \(plan.at) (policy \(plan.policy), mode \(plan.mode), overloaded above \(percent(plan.overloadThreshold)))\n"
                + lines.joined(separator: "\n")
        }
    }
}

struct Moves: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The moves under way.")
    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await server.show([MoveView].self, from: "moves") { views in
            guard !views.isEmpty else { return "no moves are under way" }
            var table = TextTable("MOVE", "SEGMENT", "FROM", "TO", "STATE", "ROWS", "READY MS", "BLOCKED MS")
            for view in views {
                table.add(
                    view.id, view.segmentID, view.source, view.target, view.work ?? view.state, "\(view.rowsCopied)",
                    number(view.preparedMilliseconds, digits: 0),
                    view.blockedMilliseconds.map { number($0, digits: 1) }.joined(separator: ", "))
            }
            return table.text
        }
    }
}

struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Why something was done, or is not: the decisions, with the numbers that caused them.",
        discussion: """
            With --segment, first what the latest plan says of it: why it moves, or why it stays.
            """)
    @OptionGroup var server: ServerOptions

    @Argument(help: "A move, such as m3. Without one: the latest decisions.")
    var move: String?

    @Option(help: "Only decisions about this segment.")
    var segment: String?

    @Option(help: "How many.")
    var limit = 30

    func run() async throws {
        var parameters = ["limit": "\(limit)"]
        if let move { parameters["move"] = move }
        if let segment {
            parameters["segment"] = segment
            if !server.json { try await printPresent(of: segment) }
        }
        try await server.show([AuditView].self, from: "audit", parameters) { records in
            guard !records.isEmpty else { return "nothing is written about that" }
            return records.reversed().map { record in
                let details = move == nil ? "" : record.details.map { "\n    \($0)" } ?? ""
                return "\(record.at)  \(record.kind.padded(to: 9)) \(record.sentence)\(details)"
            }.joined(separator: "\n")
        }
    }
}

extension Explain {
    private func printPresent(of segment: String) async throws {
        let data = try await server.client().get("explain", ["segment": segment])
        for sentence in try AdminClient.decode([String].self, data) { say("now: \(sentence)") }
        say("")
    }
}

struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The scheduled events that forecasts know of.")
    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await server.show([EventView].self, from: "events") { events in
            guard !events.isEmpty else { return "no events: see `events` and `event_files` in the configuration" }
            var table = TextTable("START", "END", "KIND", "SEGMENTS", "UPLIFT", "LABEL")
            for event in events {
                table.add(
                    event.start, event.end, event.kind, event.segments?.joined(separator: ",") ?? "all",
                    event.uplift.map { "\($0)" } ?? "-", event.label)
            }
            return table.text
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
