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
    private let day: ReplayedDay
    private let stage: Stage
    private let screen = Screen()
    private let logger: Logger

    /// - Throws: `DemonstrationError` for a day that cannot be replayed and a report that cannot be written.
    package init(options: Options, logger: Logger) throws {
        self.options = options
        self.logger = logger
        trace = try ReplayedTrace()
        day = try ReplayedDay(
            options.day, isQuick: options.isQuick, traceStart: trace.requests.start, traceEnd: trace.requests.end)
        stage = Stage(day: day)
        try options.reportPath.map(ReportFile.init)?.check()
    }

    /// Runs all three policies and shows the table.
    package func run() async throws -> DemonstrationReport {
        let begin = ContinuousClock.now
        introduce()
        let report = try await DemonstrationServers.withDirectory(keepsFiles: options.keepsFiles, screen) {
            try await measure(in: $0, since: begin)
        }
        screen.table(report.policies.all)
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
        screen.say("\(day.name) in the simulator, with moves of \(decimal(minutes)) minutes in the median")
        screen.say("")
        let layout = ShopLayout(stage)
        let replay = SimulatedReplay(
            stage, load: try trace.load(stage, shares: layout.shares), layout: layout,
            preparation: .seconds(60 * minutes))
        screen.say("policy       violation seconds   moves   of these home   instance-hours, home-sized")
        for policy in [ControllerPolicy.none, .reactive, .threshold, .horizon] {
            let figures = await replay.run(policy)
            screen.say(figures.line(named: policy.rawValue))
            for broken in figures.brokenInvariants { screen.say("broken: \(broken)") }
        }
    }

    private func measure(in directory: String, since begin: ContinuousClock.Instant) async throws -> DemonstrationReport
    {
        let layout = ShopLayout(stage)
        let load = try trace.load(stage, shares: layout.shares)
        let servers = DemonstrationServers(stage: stage, directory: directory)
        screen.say("filling \(stage.homes) home instances with \(stage.shop.rows) rows ...")
        try await servers.fill(layout.placement(stage))

        func replay(_ policy: ControllerPolicy) async throws -> PolicyReport {
            screen.say("policy \(policy.rawValue): \(Int(stage.realSeconds)) s")
            return try await PolicyReplay(
                stage: stage, policy: policy, name: policy.rawValue, servers: servers, load: load, keys: layout.keys,
                logger: logger, screen: screen
            ).run().report
        }
        let policies = DemonstrationReport.Policies(
            none: try await replay(.none), reactive: try await replay(.reactive),
            predictive: try await replay(options.predictive))
        let shortfalls = DemonstrationReport.shortfalls(of: policies, endsAfterThePeak: stage.endsAfterThePeak)
        return DemonstrationReport(
            policies: policies, shortfalls: shortfalls, passed: shortfalls.isEmpty,
            trace: "World Cup 1998, \(stage.start) to \(stage.end)", day: day.name,
            historyDays: day.historyDays, acceleration: stage.acceleration,
            rows: stage.shop.rows, secondsInAll: begin.duration(to: .now).inSeconds)
    }

    private func introduce() {
        let (home, contingent) = (stage.homeConnections, stage.contingentConnections)
        screen.say(
            """
            Foreshard demonstration: \(day.name) at the World Cup's web site, \(clock(day.start)) to \
            \(clock(day.end)) UTC, \(Int(stage.acceleration)) times as fast, against PostgreSQL servers on this \
            machine. Kick-offs are scheduled events; the models learn from the \(Int(day.historyDays)) days before. \
            This history is the trace's demand, as it would be measured with enough capacity.

            Capacity is emulated: an instance serves as many statements at once as the router has connections to it \
            (\(home) to a home, \(contingent) to a contingent instance), and each visit holds one for \
            \(stage.serviceTime.wholeMilliseconds) ms (pg_sleep). The latency objective is a p99 of \
            \(stage.latencyObjective.wholeMilliseconds) ms in each second. Moves take real time: a second of \
            moving is \(decimal(stage.minutesPerSecond)) minutes of the trace.

            """)
    }

    private func clock(_ time: Timestamp) -> String { String(time.description.dropFirst(11).prefix(5)) }
}
