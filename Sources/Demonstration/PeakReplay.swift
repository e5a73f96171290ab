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
        package var reportPath: String?
        /// Keeps the servers' files.
        package var keepsFiles = false

        package init() {}
    }

    private let options: Options
    private let scenario: Scenario
    private let screen = Screen()
    private let logger: Logger

    package init(options: Options, logger: Logger) {
        self.options = options
        self.logger = logger
        scenario = options.isQuick ? .quick : .full
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
        try write(report)
        return report
    }

    private func measure(in directory: String, since begin: ContinuousClock.Instant) async throws -> DemonstrationReport {
        let trace = try ReplayedTrace()
        let keys = ZipfKeys(count: Int(scenario.shop.customers), exponent: scenario.keyExponent, seed: scenario.seed)
        let settings = GroupSettings(group: Shop.group, segments: scenario.segments)
        let segments = FirstPlacement.segments(of: settings)
        let shares = ReplayedTrace.shares(of: segments, keys: keys)
        let servers = DemonstrationServers(scenario: scenario, directory: directory)
        let homes = Dictionary(
            uniqueKeysWithValues: (1...scenario.homes).map {
                (InstanceID(servers.homeName($0)), Double(scenario.homeConnections))
            })
        let placement = Placement.initial(segments: segments, homes: homes)
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
            predictive: try await replay(.predictive))
        let shortfalls = DemonstrationReport.shortfalls(of: policies, endsAfterThePeak: scenario.endsAfterThePeak)
        return DemonstrationReport(
            policies: policies, shortfalls: shortfalls, passed: shortfalls.isEmpty,
            trace: "World Cup 1998, \(scenario.start) to \(scenario.end)", acceleration: scenario.acceleration,
            rows: scenario.shop.rows, secondsInAll: begin.duration(to: .now).inSeconds)
    }

    private func introduce() {
        screen.say(
            """
            Foreshard demonstration: 30 June 1998 at the World Cup's web site\(scenario.endsAfterThePeak ? "" : ", the first match"), \
            \(Int(scenario.acceleration)) times as fast, against PostgreSQL servers on this machine. Kick-offs are scheduled events; the models learn \
            from the four weeks before.

            Capacity is emulated: an instance serves as many statements at once as the router has connections to it \
            (\(scenario.homeConnections) to a home, \(scenario.contingentConnections) to a contingent instance), and each visit holds one for \
            \(scenario.serviceTime.wholeMilliseconds) ms (pg_sleep). The latency objective is a p99 of \
            \(scenario.latencyObjective.wholeMilliseconds) ms in each second.

            """)
    }

    private func write(_ report: DemonstrationReport) throws {
        guard let path = options.reportPath else { return }
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try encoder.encode(report).write(to: URL(fileURLWithPath: path))
        } catch {
            throw DemonstrationError("cannot write the report to \(path): \(error.localizedDescription)")
        }
        screen.say("the report is in \(path)")
    }
}
