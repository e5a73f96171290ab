import ArgumentParser
import Demonstration
import Foundation
import Settings

struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Replay a real peak day, or a feared situation, against PostgreSQL servers of its own.",
        discussion: """
            Starts two home and two contingent servers in a temporary directory, fills them with a shop's data, and \
            replays a day of the World Cup's web site in 1998 through the router: without moves, with moves when the \
            load is measured (reactive), and with moves when it is predicted. The exit status is 0 only when no \
            statement failed, no row was lost or duplicated, prediction moved something and saved at least 72 % of the \
            reactive policy's violation seconds, and all its segments are home again (but with --quick).

            With --scenario, one situation that a team is afraid of is played instead, in one to three minutes: a \
            crowd that nobody announced, an event that never comes, an instance that dies in the middle of a move. \
            `--scenario list` tells which there are, `--scenario all` plays them one after the other. Each has a load \
            of its own, somebody who does harm, and checks with numbers; the exit status is 1 when one does not hold, \
            and the line `fell short` says which.
            """)

    @Flag(help: "A shorter part of the day; two minutes in all.")
    var quick = false

    @Option(help: "Another day of the trace, YYYY-MM-DD; the settings were found on the default one.")
    var day: String?

    @Option(help: "A situation instead of the day: a name, `all`, or `list` to see them.")
    var scenario: String?

    @Option(help: "The predictive policy: threshold or horizon.")
    var policy: String?

    @Option(help: "Write every figure, series and decision to this JSON file.")
    var report: String?

    @Option(
        help: ArgumentHelp(
            "Start no servers: show the day in the simulator of `foreshard backtest`, with moves that take so many minutes of "
                + "the trace to prepare; a real run's table has that number.",
            valueName: "minutes"))
    var simulate: Double?

    @Flag(help: "Keep the servers' files.")
    var keep = false

    @Option(help: "trace, debug, info, notice, warning or error.")
    var logLevel = "error"

    func validate() throws {
        if scenario != nil, quick || day != nil {
            throw ValidationError("--quick and --day are about the replayed day, not about a --scenario")
        }
        guard simulate.map({ (1...600).contains($0) }) ?? true else {
            throw ValidationError("--simulate has to be from 1 to 600 minutes")
        }
        guard simulate == nil || scenario == nil else {
            throw ValidationError("--simulate is about the replayed day, not about a --scenario")
        }
        guard let policy else { return }
        guard Self.testedPolicies.contains(where: { $0.rawValue == policy }) else {
            throw ValidationError("--policy has to be threshold or horizon, not `\(policy)`")
        }
    }

    private static let testedPolicies = [ControllerPolicy.threshold, .horizon]

    func run() async throws {
        guard let scenario else { return try await replayDay() }
        if scenario == "list" {
            for scenario in Scenario.all { print("\(scenario.name)\n    \(scenario.summary)") }
            return
        }
        var options = ScenarioTrials.Options()
        options.scenarios = try Scenario.named(scenario)
        options.policy = policy.flatMap(ControllerPolicy.init(rawValue:)) ?? options.policy
        options.reportPath = report
        options.keepsFiles = keep
        let reports = try await ScenarioTrials(options: options, logger: try makeLogger(level: logLevel)).run()
        if !reports.allSatisfy(\.passed) { throw ExitCode(1) }
    }

    private func replayDay() async throws {
        var options = PeakReplay.Options()
        options.isQuick = quick
        options.day = day ?? PeakReplay.standardDay
        options.reportPath = report
        options.predictive = policy.flatMap(ControllerPolicy.init(rawValue:)) ?? options.predictive
        options.keepsFiles = keep
        let replay = try PeakReplay(options: options, logger: try makeLogger(level: logLevel))
        if let simulate { return try await replay.simulate(minutesToPrepare: simulate) }
        let result = try await replay.run()
        if !result.passed { throw ExitCode(1) }
    }
}
