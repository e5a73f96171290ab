// The main job, shown: a real trace's peak day against real PostgreSQL servers, three times from the same files.
import ClusterModel
import ControlPlane
import Foundation
import LocalPostgres
import Logging
import Routing
import Settings
import Workload

package struct PeakReplay: Sendable {
    package struct Options: Sendable {
        package var isQuick = false
        /// The day of the trace, `YYYY-MM-DD`.
        package var day = PeakReplay.standardDay
        package var reportPath: String?
        /// The policy that is called predictive.
        package var predictive = ControllerPolicy.threshold
        /// Keeps the servers' files.
        package var keepsFiles = false

        package init() {}
    }

    /// The day that the settings were found on.
    package static let standardDay = ReplayedDay.standard

    private let options: Options
    private let trace: ReplayedTrace
    private let scenario: Scenario
    private let screen = Screen()
    private let logger: Logger

    /// - Throws: `DemonstrationError` for a day that cannot be replayed and a report that cannot be written.
    package init(options: Options, logger: Logger) throws {
        self.options = options
        self.logger = logger
        trace = try ReplayedTrace()
        scenario = Scenario(
            day: try ReplayedDay(
                options.day, isQuick: options.isQuick, traceStart: trace.requests.start, traceEnd: trace.requests.end))
        try options.reportPath.map(ReportFile.init)?.check()
    }

    /// Runs all three policies and shows the table.
    package func run() async throws -> DemonstrationReport {
        let begin = ContinuousClock.now
        let directory = FileManager.default.temporaryDirectory.path + "/foreshard-demo-\(getpid())"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        defer {
            if options.keepsFiles {
                screen.say("the servers' files are in \(directory)")
            } else {
                try? FileManager.default.removeItem(atPath: directory)
            }
        }
        introduce()
        let report = try await measure(in: directory, since: begin)
        screen.table(report)
        for shortfall in report.shortfalls { screen.say("fell short: \(shortfall)") }
        if report.passed { screen.say("passed: the predicted peak was met before it arrived, and nothing was lost") }
        if let path = options.reportPath {
            try ReportFile(path: path).write(report)
            screen.say("the report is in \(path)")
        }
        return report
    }

    /// The same day in the simulator; no server is started.
    ///
    /// - Parameter minutes: of the trace, that a move takes to prepare in the median.
    package func simulate(minutesToPrepare minutes: Double) async throws {
        screen.say("\(scenario.day.name) in the simulator, with moves of \(decimal(minutes)) minutes in the median")
        screen.say("")
        let (segments, shares, placement) = layout()
        let replay = SimulatedReplay(
            scenario, trace: trace, shares: shares,
            homes: Dictionary(uniqueKeysWithValues: segments.map { ($0.id, placement[$0.id] ?? "home-1") }),
            preparation: .seconds(60 * minutes))
        screen.say("policy       violation seconds   moves   of these home   instance-hours, home-sized")
        for policy in [ControllerPolicy.none, .reactive, .threshold, .horizon] {
            let figures = try await replay.run(policy)
            screen.say(figures.line(named: policy.rawValue))
            for broken in figures.brokenInvariants { screen.say("broken: \(broken)") }
        }
    }

    private func measure(in directory: String, since begin: ContinuousClock.Instant) async throws -> DemonstrationReport
    {
        let servers = DemonstrationServers(scenario: scenario, directory: directory)
        let (segments, shares, placement) = layout()
        screen.say("filling \(scenario.homes) home instances with \(scenario.shop.rows) rows ...")
        try await servers.fill(Dictionary(grouping: segments) { placement[$0.id] ?? "home-1" })

        func replay(_ policy: ControllerPolicy) async throws -> PolicyReport {
            screen.say("policy \(policy.rawValue): \(Int(scenario.realSeconds)) s")
            return try await PolicyReplay(
                scenario: scenario, policy: policy, servers: servers, trace: trace, keys: keys, shares: shares,
                logger: logger, screen: screen
            ).run()
        }
        let policies = DemonstrationReport.Policies(
            none: try await replay(.none), reactive: try await replay(.reactive),
            predictive: try await replay(options.predictive))
        let shortfalls = DemonstrationReport.shortfalls(of: policies, endsAfterThePeak: scenario.endsAfterThePeak)
        return DemonstrationReport(
            policies: policies, shortfalls: shortfalls, passed: shortfalls.isEmpty,
            trace: "World Cup 1998, \(scenario.start) to \(scenario.end)", day: scenario.day.name,
            historyDays: scenario.day.historyDays, acceleration: scenario.acceleration,
            rows: scenario.shop.rows, secondsInAll: begin.duration(to: .now).inSeconds)
    }

    private var keys: ZipfKeys {
        ZipfKeys(count: Int(scenario.shop.customers), exponent: scenario.keyExponent, seed: scenario.seed)
    }

    /// The segments, the share of the visits that each gets, and the home of each.
    private func layout() -> ([Segment], [SegmentID: Double], [SegmentID: InstanceID]) {
        let segments = FirstPlacement.segments(of: GroupSettings(group: Shop.group, segments: scenario.segments))
        let homes = (1...scenario.homes).map { (InstanceID("home-\($0)"), Double(scenario.homeConnections)) }
        return (
            segments, ReplayedTrace.shares(of: segments, keys: keys),
            Placement.initial(segments: segments, homes: Dictionary(uniqueKeysWithValues: homes))
        )
    }

    private func introduce() {
        let (day, home, contingent) = (scenario.day, scenario.homeConnections, scenario.contingentConnections)
        screen.say(
            """
            Foreshard demonstration: \(day.name) at the World Cup's web site, \(clock(day.start)) to \
            \(clock(day.end)) UTC, \(Int(scenario.acceleration)) times as fast, against PostgreSQL servers on this \
            machine. Kick-offs are scheduled events; the models learn from the \(Int(day.historyDays)) days before. \
            This history is the trace's demand, as it would be measured with enough capacity.

            Capacity is emulated: an instance serves as many statements at once as the router has connections to it \
            (\(home) to a home, \(contingent) to a contingent instance), and each visit holds one for \
            \(scenario.serviceTime.wholeMilliseconds) ms (pg_sleep). The latency objective is a p99 of \
            \(scenario.latencyObjective.wholeMilliseconds) ms in each second. Moves take real time: a second of \
            moving is \(decimal(scenario.minutesPerSecond)) minutes of the trace.

            """)
    }

    private func clock(_ time: Timestamp) -> String { String(time.description.dropFirst(11).prefix(5)) }
}
