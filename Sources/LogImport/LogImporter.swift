// Logs in, usage of segments out. A log is read from where it was left, in batches; each batch's usage and the position
// after it go to the sink together. So stopping at any moment, even by kill -9, costs a batch of work and no truth.
//
// Memory is bounded: a buffer that holds the longest entry, the sessions with something pending, the statements'
// shapes, and the cells of a batch.

import ClusterModel
import Routing

package struct LogImportOptions: Sendable {
    /// Nil: each log's own.
    package var format: LogFormat?
    package var prefix: LinePrefix?
    /// The IANA zone in which abbreviations are read that are not clear.
    package var zoneName: String?
    /// Nil: all databases count.
    package var database: String?
    package var step = Duration.seconds(300)
    /// Later entries are taken for damage: one of them would make all others look old. Nil: none is too late.
    package var timeMax: Timestamp?
    /// Text between two batches.
    package var batchBytes: Int64 = 64 << 20
    /// Cells (segments by steps) of a batch.
    package var batchCells = 200_000
    /// A longer entry is left out.
    package var entryBytesMax = 16 << 20
    /// What is read at once; an entry that is longer makes the buffer grow.
    package var bufferBytes = 1 << 20

    package init() {}
}

/// How far a run is.
package struct ImportProgress: Sendable {
    package let path: String
    /// Of all the files of the run, as they are stored.
    package let fileBytesRead: Int64
    package let fileBytes: Int64
    /// Of uncompressed text.
    package let bytes: Int64
    package let lines: Int
}

package struct LogImporter {
    private let options: LogImportOptions
    private let sink: any ImportSink
    let segments: [SegmentID]
    let databaseBytes: [UInt8]?
    var placer: StatementPlacer
    var book = SessionBook()
    var steps: UsageSteps
    package internal(set) var report = ImportReport()
    /// Called now and then; true ends the run after what is read already.
    private let watch: (ImportProgress) -> Bool
    private var selection: LogSelection
    /// As the files were when they were read last.
    private var seen: [String: Seen] = [:]
    private var isStopped = false
    private var finishedBytes: Int64 = 0
    private var runBytes: Int64 = 0

    private struct Seen {
        let identity: FileIdentity?
        /// What is at the end was read as the end.
        let isSettled: Bool
    }

    package init(
        table: QueryRoutingTable, options: LogImportOptions, sink: any ImportSink,
        watch: @escaping (ImportProgress) -> Bool = { _ in false }
    ) {
        self.options = options
        self.sink = sink
        self.watch = watch
        selection = LogSelection(options: options)
        segments = table.segments.map(\.id)
        databaseBytes = options.database.map { Array($0.utf8) }
        placer = StatementPlacer(table: table)
        steps = UsageSteps(segments: segments, step: options.step)
    }

    /// Reads what is new in the logs at the given paths. May be called again, to follow them.
    ///
    /// - Parameter mayGrow: the end of a log may be the middle of an entry: what could go on is left for the next time,
    ///   and is taken for whole when the log has not grown until then. Of each directory only the latest log grows, and
    ///   none that is compressed.
    package mutating func run(paths: [String], mayGrow: Bool = false) throws {
        let logs = try selection.logs(at: paths)
        for file in selection.passedOver { note(file.path, 0, file.note) }
        finishedBytes = 0
        runBytes = logs.reduce(0) { $0 + (FileIdentity(path: $1.path)?.bytes ?? 0) }
        for (index, log) in logs.enumerated() where !isStopped {
            // Looked at before it is read: what comes meanwhile is read the next time.
            let identity = FileIdentity(path: log.path)
            let known = seen[log.path].flatMap { $0.identity == identity ? $0 : nil }
            if known?.isSettled != true {
                let isLatest = !logs[(index + 1)...].contains { $0.directory == log.directory }
                let mayGrow = mayGrow && isLatest && !log.isCompressed && known == nil
                let wasRead = try read(log, mayGrow: mayGrow)
                seen[log.path] = wasRead ? Seen(identity: identity, isSettled: !mayGrow) : nil
            }
            finishedBytes += identity?.bytes ?? 0
        }
        countStrays()
        report.pending = book.openCount
    }

    // MARK: One log

    /// What is known of the log that is being read.
    struct Reading {
        let path: String
        let name: String
        let head: LogHead
        var position: Int64
        var state: ImportState
        /// The position that is stored.
        var batchStart: Int64
        var newLines = 0

        /// Of the entry that comes next.
        var place: String { "\(path):\(state.lines + 1)" }

        mutating func advance(_ window: LogWindow, _ bytes: Int, _ lines: Int) {
            window.advance(by: bytes)
            position += Int64(bytes)
            state.lines += lines
            newLines += lines
        }
    }

    /// False when the name stands for another file since it was looked at: that one is read the next time.
    private mutating func read(_ log: SelectedLog, mayGrow: Bool) throws -> Bool {
        guard FileIdentity(path: log.path) != nil else { return false }
        let file = try LogFile(path: log.path)
        guard file.number == log.number else {
            note(log.path, 0, "was renamed or replaced meanwhile: import once more to read all of it")
            _ = file.close(wasReadToEnd: false)
            return false
        }
        var reading = try begin(log)
        guard try file.skip(to: reading.position) else {
            note(log.path, 0, "is shorter than what was read of it before: nothing is new")
            _ = file.close(wasReadToEnd: false)
            return true
        }
        let start = reading.position
        var rest = 0
        do {
            let clock = try LogClock(zoneName: options.zoneName)
            switch log.format {
            case .csvlog: rest = try read(file, CSVReader(clock: clock), &reading, mayGrow)
            case .jsonlog: rest = try read(file, JSONReader(clock: clock), &reading, mayGrow)
            case .stderr:
                guard let prefix = log.prefix else { preconditionFailure("\(log.path) was selected without a prefix") }
                rest = try read(file, PrefixedReader(prefix: prefix, clock: clock), &reading, mayGrow)
            }
        } catch {
            _ = file.close(wasReadToEnd: false)
            throw (error as? LogImportError)?.at(reading.place) ?? error
        }
        try store(&reading)
        let complaint = file.close(wasReadToEnd: !isStopped)
        var notes = ["\(log.format.rawValue)\(log.prefix.map { ", prefix `\($0.pattern)`" } ?? "")"]
        if start > 0 { notes.append("from byte \(start)") }
        if rest > 0 { notes.append("\(rest) bytes of an entry without its end are left for the next time") }
        if let complaint { notes.append(complaint) }
        note(log.path, reading.position - start, notes.joined(separator: "; "))
        return true
    }

    private mutating func note(_ path: String, _ bytes: Int64, _ note: String) {
        if let index = report.files.firstIndex(where: { $0.path == path }) {
            report.files[index].bytes += bytes
            if bytes > 0 { report.files[index].note = note }
        } else {
            var file = ImportReport.File(path: path, note: note)
            file.bytes = bytes
            report.files.append(file)
        }
    }

    /// Finds the log among those that were read, and goes on as it was left.
    private mutating func begin(_ log: SelectedLog) throws -> Reading {
        var number = 0
        while let stored = try sink.progress(of: log.head.name(number)) {
            let state = try ImportState(stored.state)
            if log.head.isBeginning(of: state) {
                take(state.book(number: placer.number(of:)))
                return Reading(
                    path: log.path, name: stored.name, head: log.head, position: stored.position, state: state,
                    batchStart: stored.position)
            }
            number += 1
        }
        // The sessions of the log before go on in this one.
        return Reading(
            path: log.path, name: log.head.name(number), head: log.head, position: 0, state: ImportState(),
            batchStart: 0)
    }

    private mutating func take(_ other: SessionBook) {
        countStrays()
        book = other
    }

    private mutating func countStrays() {
        let strays = book.takeStrays()
        report.strayDurations += strays.count
        report.straySeconds += Double(strays.microseconds) * 1e-6
    }

    /// Returns how many bytes at the log's end are no whole entry yet.
    private mutating func read(
        _ file: LogFile, _ start: some EntryReader, _ reading: inout Reading, _ mayGrow: Bool
    ) throws -> Int {
        var reader = start
        let window = LogWindow(bytes: options.bufferBytes, bytesMax: options.entryBytesMax)
        while true {
            cutting: while !window.isEmpty {
                switch try reader.next(window.bytes, isEnd: window.isAtEnd && !mayGrow) {
                case .entry(let entry, let bytes, let lines):
                    if let latest = options.timeMax, entry.time > latest {
                        report.note(.future, at: reading.place)
                    } else {
                        take(entry, &reading)
                    }
                    reading.advance(window, bytes, lines)
                case .malformed(let reason, let bytes, let lines):
                    report.note(reason, at: reading.place)
                    reading.advance(window, bytes, lines)
                case .skipped(let bytes, let lines): reading.advance(window, bytes, lines)
                case .incomplete:
                    guard window.isFull else { break cutting }
                    report.note(.tooLong, at: reading.place)
                    reader.beginSkipping()
                }
                if reading.position - reading.batchStart >= options.batchBytes || steps.cellCount >= options.batchCells
                {
                    try store(&reading)
                }
            }
            look(file, reading)
            if window.isAtEnd || isStopped { return window.count }
            try window.fill(from: file)
        }
    }

    private mutating func look(_ file: LogFile, _ reading: Reading) {
        isStopped =
            isStopped
            || watch(
                ImportProgress(
                    path: reading.path, fileBytesRead: finishedBytes + file.fileBytesRead, fileBytes: runBytes,
                    bytes: report.bytes + reading.position - reading.batchStart, lines: report.lines + reading.newLines)
            )
    }

    /// Stores a batch: the usage, and the position after it.
    private mutating func store(_ reading: inout Reading) throws {
        let records = steps.drain()
        guard !records.isEmpty || reading.position > reading.batchStart else { return }
        reading.state.headBytes = Int(min(reading.position, Int64(reading.head.bytes.count)))
        reading.state.headHash = reading.head.hash(of: reading.state.headBytes)
        reading.state.store(book, segments)
        report.stored += try sink.add(
            records, step: options.step,
            from: SourceProgress(name: reading.name, position: reading.position, state: try reading.state.encoded()))
        report.bytes += reading.position - reading.batchStart
        report.lines += reading.newLines
        reading.batchStart = reading.position
        reading.newLines = 0
    }
}
