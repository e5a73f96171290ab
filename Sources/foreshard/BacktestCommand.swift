import ArgumentParser
import Backtest
import ClusterModel
import ControlPlane
import Foundation
import Planning
import Settings
import Traces

struct BacktestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backtest",
        abstract: "What Foreshard would have done with loads of the past, and what it would have cost.",
        discussion: """
            Replays a load trace, or the history that a server or `foreshard import` collected, in virtual time: the \
            real forecasts, planner and watch over moves, on instances that are queues. Every policy goes through the \
            same time. Writes summary.json, series.csv, moves.csv and report.html to the directory of --out.

              foreshard backtest --trace load.csv --events events.csv --out DIR
              foreshard backtest --config foreshard.yaml --out DIR     the collected history, with your settings
              foreshard backtest --trace load.csv --sweep --out DIR    hours against violations, drawn

            A trace of one series is spread over --segments by a Zipf law. Instances are sized so that \
            --instances-at-peak of them carry the highest load at 80 %. Forecasts use what came before the replayed \
            time as their past: leave them two weeks or more.
            """)

    @Option(help: "The load trace, a CSV file: timestamp,segment,load.")
    var trace: String?

    @Option(help: "Its events, a CSV file; those not known in advance are left out.")
    var events: String?

    @Option(
        name: .shortAndLong, help: "The configuration that `foreshard serve` runs with; without --trace its history.")
    var config: String?

    @Option(help: "How much of the end is replayed (default: 7d).")
    var last = "7d"

    @Option(help: "The end of the replayed time, an ISO 8601 time; by default that of the loads.")
    var until: String?

    @Option(help: "From static_peak, static_mean, reactive, pstore, threshold, horizon and oracle.")
    var policies: String?

    @Option(help: "Over how many segments a trace of one series is spread.")
    var segments = 24

    @Option(help: "The exponent of the Zipf law by which it is spread; 0 is evenly.")
    var skew = 0.3

    @Flag(help: "Give all segments the same mean load, where their loads are in different units.")
    var equalMeans = false

    @Option(help: "How many instances carry the highest load at 80 % of their capacity.")
    var instancesAtPeak = 10

    @Option(help: "How many home instances there are; by default as many as a quiet hour needs.")
    var homes: Int?

    @Option(help: "How long a move takes in the median; segments differ from half to twice as long.")
    var moveTime = "10m"

    @Option(help: "Of wobbles, sizes and queues.")
    var seed: UInt64 = 1

    @Flag(help: "Run the threshold and the horizon policy with other limits too, and draw hours against violations.")
    var sweep = false

    @Option(help: "The directory for the results; made if it is not there.")
    var out: String

    func validate() throws {
        guard trace != nil || config != nil else {
            throw ValidationError("give a --trace, or a --config with a history")
        }
        guard (1...1000).contains(segments) else { throw ValidationError("--segments has to be from 1 to 1000") }
        guard (0...3).contains(skew) else { throw ValidationError("--skew has to be from 0 to 3") }
        guard (1...1000).contains(instancesAtPeak) else {
            throw ValidationError("--instances-at-peak has to be from 1 to 1000")
        }
        guard homes.map({ (1...1000).contains($0) }) ?? true else {
            throw ValidationError("--homes has to be from 1 to 1000")
        }
    }

    func run() async throws {
        let chosen = try chosenPolicies()
        let world = try world()
        do {
            try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        } catch {
            throw ValidationError("cannot make \(out): \(error.localizedDescription)")
        }
        let begin = ContinuousClock.now
        var test = Backtest(world, policies: chosen, processors: ProcessInfo.processInfo.activeProcessorCount)
        var samples: [Backtest.Sample] = []
        while let step = await test.step() {
            showProgress("\(Int(100 * test.progress)) % of \(Int(world.days)) days")
            samples += step
        }
        showProgress(nil)
        var summary = BacktestSummary(trace: name, world: world, results: test.results)
        let took = (ContinuousClock.now - begin).inSeconds
        if sweep { summary.add(sweep: try await swept(world)) }
        try write(summary, samples, test, chosen)
        print(table(summary, chosen))
        print(
            String(
                format: "%.0f days of %d policies in %.0f s: %.0f times as fast", world.days, chosen.count, took,
                world.days * 86_400 / took))
        print("written: \(out)/summary.json, series.csv, moves.csv, report.html")
    }

    private var name: String {
        URL(fileURLWithPath: trace ?? config ?? "").deletingPathExtension().lastPathComponent
    }

    private func chosenPolicies() throws -> [BacktestPolicy] {
        guard let policies else { return BacktestPolicy.allCases }
        return try policies.split(separator: ",").map { name in
            guard let policy = BacktestPolicy(rawValue: String(name)) else {
                let known = BacktestPolicy.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("there is no policy `\(name)`; known: \(known)")
            }
            return policy
        }
    }
}

// MARK: The world

extension BacktestCommand {
    private func world() throws -> BacktestWorld {
        let configuration = try config.map { try readConfiguration($0, withPasswords: false) }
        var settings = BacktestWorld.Settings()
        settings.seed = seed
        settings.instancesAtPeak = instancesAtPeak
        settings.homes = homes
        settings.skew.segments = segments
        settings.skew.exponent = skew
        settings.moveTime = try length(of: moveTime, "move-time")
        settings.moveTimes = settings.moveTime / 2...settings.moveTime * 2
        if let configuration { settings.adopt(configuration) }
        let record = try BacktestRecord(trace: trace, configuration: configuration, equalMeans: equalMeans)
        let loads = SegmentLoads(record.loads, skew: settings.skew, seed: seed)
        let span = try replayed(loads)
        let scheduled = try events.map { try EventTrace(path: $0).scheduled } ?? configuration?.events ?? []
        return BacktestWorld(loads, events: scheduled, from: span.lowerBound, to: span.upperBound, settings)
    }

    private func replayed(_ loads: SegmentLoads) throws -> Range<Timestamp> {
        let step = SegmentLoads.forecastStep
        var end = loads.truth.end.floored(to: step)
        if let until {
            guard let moment = Timestamp(until) else {
                throw ValidationError("--until has to be a time such as 1998-07-12T00:00:00Z, not `\(until)`")
            }
            end = min(end, moment.floored(to: step))
        }
        let begin = (end - (try length(of: last, "last"))).floored(to: step)
        let first = loads.truth.start + BacktestWorld.warmUp + .seconds(86_400)
        guard begin > first, begin < end else {
            throw ValidationError(
                "the loads reach from \(loads.truth.start) to \(loads.truth.end): replay less of them with --last, "
                    + "because the policies are run in for six hours and the forecasts need a day before that at least")
        }
        return begin..<end
    }
}

extension BacktestWorld.Settings {
    /// What the user set for the server holds for the policies too.
    fileprivate mutating func adopt(_ configuration: Configuration) {
        prices.overloadPerHour = configuration.controller.overloadPerHour
        prices.perMove = configuration.controller.perMove
        let own = PlanningConfiguration(configuration.controller)
        if own.policy == .horizon { horizon = own } else { planning = own }
        capacity = configuration.instances.map(\.instance.capacity.activeSessions).min()
        homes = homes ?? configuration.instances.count
    }
}

// MARK: Results

extension BacktestCommand {
    /// Other limits, one run each; the same world otherwise.
    private func swept(_ world: BacktestWorld) async throws -> [BacktestSummary.SweepPoint] {
        var points: [BacktestSummary.SweepPoint] = []
        let variations = BacktestVariation.all
        for (number, variation) in variations.enumerated() {
            showProgress("run \(number + 1) of \(variations.count): \(variation.policy.rawValue), \(variation.name)")
            var test = Backtest(
                world.varied(variation), policies: [variation.policy],
                processors: ProcessInfo.processInfo.activeProcessorCount)
            while await test.step() != nil {}
            guard let result = test.results[variation.policy] else { continue }
            points.append(
                BacktestSummary.SweepPoint(
                    policy: variation.policy.rawValue, setting: variation.name,
                    violationSeconds: result.violationSeconds, instanceHours: result.instanceHours, cost: result.cost))
        }
        showProgress(nil)
        return points
    }

    private func write(
        _ summary: BacktestSummary, _ samples: [Backtest.Sample], _ test: Backtest, _ policies: [BacktestPolicy]
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(summary).write(to: URL(fileURLWithPath: out + "/summary.json"))
        let series = samples.map { "\($0.at),\($0.policy.rawValue),\($0.load),\($0.instances),\($0.violationSeconds)" }
        let header = "timestamp,policy,load,instances,violation_seconds"
        try Data(([header] + series).joined(separator: "\n").appending("\n").utf8).write(
            to: URL(fileURLWithPath: out + "/series.csv"))
        var moves = ["timestamp,policy,action,rule,segment,source,destination,why"]
        for policy in policies {
            for record in test.plans(of: policy).flatMap({ plan in plan.actions.map { ($0.kind.word, $0.record) } }) {
                let (word, why) = (record.0, record.1)
                let fields = [
                    "\(why.at)", policy.rawValue, word, why.rule.rawValue, why.segment?.text ?? "",
                    why.source?.text ?? "", why.destination?.text ?? "",
                    "\"\(why.sentence.replacing("\"", with: "\"\""))\"",
                ]
                moves.append(fields.joined(separator: ","))
            }
        }
        try Data(moves.joined(separator: "\n").appending("\n").utf8).write(
            to: URL(fileURLWithPath: out + "/moves.csv"))
        try Data(BacktestReport(summary, samples: samples).html.utf8).write(
            to: URL(fileURLWithPath: out + "/report.html"))
    }

    private func table(_ summary: BacktestSummary, _ policies: [BacktestPolicy]) -> String {
        var table = TextTable(
            "POLICY", "VIOLATION S", "OVERLOAD MIN", "INSTANCE H", "COST", "MOVES", "LATE", "WASTED", "MOST INSTANCES")
        for policy in policies {
            guard let result = summary[policy] else { continue }
            table.add(
                policy.rawValue, shown(result.violationSeconds, 0), shown(result.overloadMinutes, 1),
                shown(result.instanceHours, 1), shown(result.cost, 1), "\(result.moves)", "\(result.lateMoves)",
                "\(result.wastedMoves)", "\(result.instancesMax)")
        }
        return table.text
    }

    private func shown(_ value: Double, _ places: Int) -> String { String(format: "%.\(places)f", value) }
}

extension PlannedAction.Kind {
    fileprivate var word: String {
        switch self {
        case .lease: "lease"
        case .prepare: "prepare"
        case .returnHome: "return"
        case .cutOver: "cut_over"
        case .revert: "revert"
        case .keep: "keep"
        case .abort: "abort"
        case .giveBack: "give_back"
        }
    }
}
