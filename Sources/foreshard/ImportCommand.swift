import ArgumentParser
import ClusterModel
import ControlPlane
import Dispatch
import Foundation
import History
import LogImport
import Settings
import Synchronization

struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Teach the forecasts from the logs of your PostgreSQL servers.",
        discussion: """
            Reads csvlog, jsonlog and stderr logs (plain, or compressed by gzip, zstd, bzip2, xz or lz4), finds the \
            segment of each statement as the router would, and adds the time that it took to the history in \
            `data_directory`. The server need not run; it may.

            A log has to tell durations: log_min_duration_statement = 0, or log_duration and log_statement = all. Give \
            each server's log in one format only. A log that was read before goes on where it stopped, also when it \
            was renamed or compressed since. Times that the router measured itself are left alone.

              foreshard import --dry-run /var/log/postgresql     see what the logs would give
              foreshard import /var/log/postgresql               take them in
              foreshard import --follow /var/log/postgresql      and go on as they grow, until SIGINT
            """)

    @Option(name: .shortAndLong, help: "The configuration that `foreshard serve` runs with.")
    var config = "foreshard.yaml"

    @Option(help: "csvlog, jsonlog, stderr, or auto: each file's own.")
    var format = "auto"

    @Option(help: "The server's log_line_prefix, for logs on standard error whose prefix is not a usual one.")
    var prefix: String?

    @Option(help: "The server's log_timezone, as Europe/Berlin, for abbreviations that are not clear.")
    var timeZone: String?

    @Option(help: "Only statements in this database.")
    var database: String?

    @Flag(help: "Go on as the logs grow and new ones come.")
    var follow = false

    @Flag(help: "Read all of the logs and report; store nothing.")
    var dryRun = false

    @Argument(help: "Logs, and directories of logs.")
    var paths: [String]

    func validate() throws {
        guard format == "auto" || LogFormat(rawValue: format) != nil else {
            throw ValidationError("--format has to be auto, csvlog, jsonlog or stderr, not `\(format)`")
        }
        guard !(follow && dryRun) else { throw ValidationError("--follow and --dry-run do not go together") }
    }

    func run() async throws {
        let configuration = try readConfiguration(config, withPasswords: false)
        var options = LogImportOptions()
        options.format = LogFormat(rawValue: format)
        options.prefix = try prefix.map { pattern in try LinePrefix(pattern) }
        options.zoneName = timeZone
        options.database = database
        options.step = configuration.forecast.step
        options.timeMax = Timestamp(seconds: Int64(Date().timeIntervalSince1970) + 86_400)
        let progress = ImportProgressLine()
        let interruption = follow ? Interruption() : nil
        var importer = LogImporter(
            table: try FirstPlacement.table(of: configuration), options: options, sink: try sink(configuration)
        ) { reached in
            progress.show(reached)
            return interruption?.hasCome ?? false
        }
        defer { progress.clear() }
        do {
            try importer.run(paths: paths, mayGrow: follow)
            while let interruption, !interruption.hasCome {
                progress.clear()
                try await Task.sleep(for: .seconds(1))
                try importer.run(paths: paths, mayGrow: true)
            }
        } catch {
            progress.clear()
            if importer.report.entries > 0 { say(importer.report.text(isDryRun: dryRun)) }
            throw error
        }
        progress.clear()
        say(importer.report.text(isDryRun: dryRun))
    }

    private func sink(_ configuration: Configuration) throws -> any ImportSink {
        guard !dryRun else { return UsageInMemory(keepsUsage: false) }
        try Assembly.makeDataDirectory(configuration)
        try ImportLock.take(in: configuration.dataDirectory)
        return HistorySink(history: try HistoryStore(path: configuration.dataDirectory + "/history.sqlite"))
    }
}

/// SIGINT and SIGTERM, as something to look at: what is being read is ended in order, and reported.
private final class Interruption {
    private final class Flag: Sendable {
        let isRaised = Mutex(false)
    }

    private let flag = Flag()
    private let sources: [any DispatchSourceSignal]

    init() {
        let flag = flag
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { flag.isRaised.withLock { $0 = true } }
            source.resume()
            return source
        }
    }

    deinit { for source in sources { source.cancel() } }

    var hasCome: Bool { flag.isRaised.withLock { $0 } }
}
