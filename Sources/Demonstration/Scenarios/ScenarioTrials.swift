// Runs scenarios one after the other against servers of their own, and says of each what held and what did not.
import ClusterModel
import Foundation
import Logging
import Settings

package struct ScenarioTrials: Sendable {
    package struct Options: Sendable {
        package var scenarios: [Scenario] = []
        package var policy = ControllerPolicy.threshold
        package var reportPath: String?
        /// Keeps the servers' files.
        package var keepsFiles = false

        package init() {}
    }

    private let options: Options
    private let screen = Screen()
    private let logger: Logger

    /// - Throws: `DemonstrationError` for a report that cannot be written.
    package init(options: Options, logger: Logger) throws {
        self.options = options
        self.logger = logger
        try options.reportPath.map(ReportFile.init)?.check()
    }

    /// Runs them all, whatever becomes of each.
    package func run() async throws -> [ScenarioReport] {
        let reports = try await DemonstrationServers.withDirectory(keepsFiles: options.keepsFiles, screen) {
            directory in
            var reports: [ScenarioReport] = []
            for scenario in options.scenarios {
                let report = try await run(scenario, in: directory + "/" + scenario.name)
                show(report)
                reports.append(report)
            }
            return reports
        }
        if let path = options.reportPath {
            try ReportFile(path: path).write(reports)
            screen.say("the report is in \(path)")
        }
        summarize(reports)
        return reports
    }

    private func run(_ scenario: Scenario, in directory: String) async throws -> ScenarioReport {
        introduce(scenario)
        let stage = scenario.stage
        let layout = ShopLayout(stage)
        let load = scenario.demand.load(stage, layout, events: scenario.events)
        let servers = DemonstrationServers(stage: stage, directory: directory)
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        try await servers.fill(layout.placement(stage))
        defer { if !options.keepsFiles { try? FileManager.default.removeItem(atPath: directory) } }

        func replay(_ policy: ControllerPolicy, _ intervention: Intervention?) async throws -> ReplayOutcome {
            var replay = PolicyReplay(
                stage: stage, policy: policy, name: policy.rawValue, servers: servers, load: load, keys: layout.keys,
                logger: logger, screen: screen)
            replay.lentMax = scenario.lentMax
            replay.intervention = intervention
            return try await replay.run()
        }
        var compared: [ControllerPolicy: ReplayOutcome] = [:]
        for policy in scenario.comparedWith where policy != options.policy {
            compared[policy] = try await replay(policy, nil)
        }
        let runs = ScenarioRuns(
            tested: try await replay(options.policy, scenario.intervention), compared: compared)
        return ScenarioReport(scenario, options.policy, runs)
    }

    // MARK: Screen

    private func introduce(_ scenario: Scenario) {
        let stage = scenario.stage
        screen.say("")
        screen.say("== \(scenario.name)")
        screen.say(scenario.summary)
        screen.say(
            """
            \(decimal((stage.end - stage.start).inSeconds / 3600)) hours, \(Int(stage.acceleration)) times as fast; \
            \(Int(stage.realSeconds)) s for each replay.

            """)
    }

    private func show(_ report: ScenarioReport) {
        screen.table(report.replays.map { ($0.policy, $0.report) })
        for check in report.checks { screen.say("\(check.holds ? "  ok  " : " FAIL ") \(check.name): \(check.found)") }
    }

    private func summarize(_ reports: [ScenarioReport]) {
        screen.say("")
        for report in reports {
            if report.passed { screen.say("passed: \(report.name)") }
            for check in report.checks where !check.holds {
                screen.say("fell short: \(report.name): \(check.name): \(check.found)")
            }
        }
    }
}

/// What one scenario gave.
package struct ScenarioReport: Codable, Sendable {
    package struct Replay: Codable, Sendable {
        package let policy: String
        package let report: PolicyReport
    }

    package let name: String
    package let policy: String
    package let checks: [Check]
    package let passed: Bool
    /// Those that it is compared with, then the tested one.
    package let replays: [Replay]

    init(_ scenario: Scenario, _ policy: ControllerPolicy, _ runs: ScenarioRuns) {
        name = scenario.name
        self.policy = policy.rawValue
        checks = scenario.checks(runs)
        passed = checks.allSatisfy(\.holds)
        replays =
            scenario.comparedWith.compactMap { other in
                runs.compared[other].map { Replay(policy: other.rawValue, report: $0.report) }
            } + [Replay(policy: policy.rawValue, report: runs.tested.report)]
    }
}
