import ArgumentParser
import Demonstration
import Foundation

struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Replay a real peak day against PostgreSQL servers of its own, under three policies.",
        discussion: """
            Starts two home and two contingent servers in a temporary directory, fills them with a shop's data, and \
            replays a day of the World Cup's web site in 1998 through the router: without moves, with moves when the \
            load is measured (reactive), and with moves when it is predicted. The exit status is 0 only when no \
            statement failed, no row was lost or duplicated, prediction moved something and saved at least 72 % of the \
            reactive policy's violation seconds, and all its segments are home again (but with --quick).
            """)

    @Flag(help: "A shorter part of the day; two minutes in all.")
    var quick = false

    @Option(help: "Another day of the trace, YYYY-MM-DD; the settings were found on the default one.")
    var day = PeakReplay.standardDay

    @Option(help: "The predictive policy: threshold or horizon.")
    var policy = "threshold"

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
        guard ["threshold", "horizon"].contains(policy) else {
            throw ValidationError("--policy has to be threshold or horizon")
        }
        guard simulate.map({ (1...600).contains($0) }) ?? true else {
            throw ValidationError("--simulate has to be from 1 to 600 minutes")
        }
    }

    func run() async throws {
        var options = PeakReplay.Options()
        options.isQuick = quick
        options.day = day
        options.reportPath = report
        options.predictive = policy == "horizon" ? .horizon : .threshold
        options.keepsFiles = keep
        let replay = try PeakReplay(options: options, logger: try makeLogger(level: logLevel))
        if let simulate { return try await replay.simulate(minutesToPrepare: simulate) }
        let result = try await replay.run()
        if !result.passed { throw ExitCode(1) }
    }
}
