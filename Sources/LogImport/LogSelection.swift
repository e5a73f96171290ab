// Which files are logs, what format they have, and the order in which they are read: that of their first entries, since
// a session's statement may begin in one log and end in the next.

import ClusterModel
import Foundation

/// A log that will be read.
struct SelectedLog {
    let path: String
    let format: LogFormat
    /// Of a log on standard error.
    let prefix: LinePrefix?
    let head: LogHead
    let firstTime: Timestamp?
    let isCompressed: Bool
    let number: LogFile.Number

    var directory: Substring { path[..<(path.lastIndex(of: "/") ?? path.startIndex)] }
}

struct LogSelection {
    let options: LogImportOptions
    /// Files of directories that are not read, and why.
    private(set) var passedOver: [ImportReport.File] = []
    /// By path: a file that did not change is not looked into again.
    private var remembered: [String: (identity: FileIdentity, log: SelectedLog?)] = [:]

    init(options: LogImportOptions) { self.options = options }

    /// The logs at the given paths; a directory stands for its files, without those of its directories.
    mutating func logs(at paths: [String]) throws -> [SelectedLog] {
        passedOver = []
        var logs: [SelectedLog] = []
        for path in paths {
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
                throw LogImportError(.cannotRead, "there is no \(path)")
            }
            if isDirectory.boolValue {
                logs += try self.logs(in: path)
            } else if let log = try self.log(at: path, isNamed: true) {
                logs.append(log)
            }
        }
        return logs.enumerated().sorted { a, b in
            let (left, right) = (a.element.firstTime, b.element.firstTime)
            guard let left, let right, left != right else { return a.offset < b.offset }
            return left < right
        }.map(\.element)
    }

    private mutating func logs(in directory: String) throws -> [SelectedLog] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        } catch {
            throw LogImportError(
                .cannotRead, "the directory \(directory) cannot be read: \(error.localizedDescription)")
        }
        var byStem: [String: [SelectedLog]] = [:]
        for name in names where !name.hasPrefix(".") {
            let path = directory + "/" + name
            guard Self.isFile(path) else { continue }
            guard let log = try self.log(at: path, isNamed: false) else { continue }
            byStem[Self.stem(of: name), default: []].append(log)
        }
        return byStem.sorted { $0.key < $1.key }.flatMap { one(of: $0.value) }
    }

    private static func isFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// One format of a log that a server writes in several; its rotated or compressed parts all.
    private mutating func one(of logs: [SelectedLog]) -> [SelectedLog] {
        let format = LogFormat.allCases.first { format in logs.contains { $0.format == format } }
        for log in logs where log.format != format {
            passedOver.append(
                .init(path: log.path, note: "left out: the same log is there as \(format?.rawValue ?? "-")"))
        }
        return logs.filter { $0.format == format }
    }

    /// A file's name without what tells its format and its compression: `a.csv`, `a.log.gz`.
    static func stem(of name: String) -> String {
        var stem = name
        for ending in [".gz", ".zst", ".bz2", ".xz", ".lz4"] where stem.hasSuffix(ending) {
            stem.removeLast(ending.count)
        }
        for ending in [".csv", ".json", ".log"] where stem.hasSuffix(ending) {
            stem.removeLast(ending.count)
        }
        return stem
    }

    /// Nil for a file that has no whole line yet; for one in a directory also when it is no log.
    private mutating func log(at path: String, isNamed: Bool) throws -> SelectedLog? {
        let identity = FileIdentity(path: path)
        if let identity, let known = remembered[path], known.identity == identity { return known.log }
        let log = try newLog(at: path, isNamed: isNamed)
        if let identity { remembered[path] = (identity, log) }
        return log
    }

    private mutating func newLog(at path: String, isNamed: Bool) throws -> SelectedLog? {
        let file: LogFile
        do {
            file = try LogFile(path: path)
        } catch {
            // Renamed or removed since the directory was read.
            guard isNamed || FileIdentity(path: path) != nil else { return nil }
            throw error
        }
        let head = try LogHead(file)
        _ = file.close(wasReadToEnd: false)
        guard head.firstLineBytes > 0 else {
            passedOver.append(.init(path: path, note: "has no whole line yet"))
            return nil
        }
        let detected = head.bytes.withUnsafeBytes { LogFormat.detected(in: $0) }
        if let detected, let wanted = options.format, wanted != detected, !isNamed {
            passedOver.append(.init(path: path, note: "left out: it is no \(wanted.rawValue)"))
            return nil
        }
        guard let format = options.format ?? detected ?? (options.prefix == nil ? nil : .stderr) else {
            guard isNamed else {
                passedOver.append(.init(path: path, note: "left out: no log of PostgreSQL is recognised in it"))
                return nil
            }
            throw LogImportError(
                .unknownFormat,
                "\(path) is no csvlog, no jsonlog and no log with a usual prefix. If it is a log on standard error, "
                    + "give what `SHOW log_line_prefix` prints as --prefix '...'")
        }
        let prefix = try self.prefix(format, head, path)
        return SelectedLog(
            path: path, format: format, prefix: prefix, head: head,
            firstTime: try firstTime(format, prefix, head, path), isCompressed: file.compression != nil,
            number: file.number)
    }

    private func prefix(_ format: LogFormat, _ head: LogHead, _ path: String) throws(LogImportError) -> LinePrefix? {
        guard format == .stderr else { return nil }
        guard let prefix = options.prefix ?? head.bytes.withUnsafeBytes({ LinePrefix.detected(in: $0) }) else {
            throw LogImportError(
                .unknownFormat,
                "the lines of \(path) have no usual prefix: give what `SHOW log_line_prefix` prints as --prefix '...'")
        }
        guard options.database == nil || prefix.namesDatabase else {
            throw LogImportError(
                .prefixLacks,
                "--database cannot be told for \(path): its prefix `\(prefix.pattern)` has no %d. Leave --database out")
        }
        return prefix
    }

    private func firstTime(
        _ format: LogFormat, _ prefix: LinePrefix?, _ head: LogHead, _ path: String
    ) throws(LogImportError) -> Timestamp? {
        do {
            let clock = try LogClock(zoneName: options.zoneName)
            switch format {
            case .csvlog: return try Self.firstTime(CSVReader(clock: clock), head)
            case .jsonlog: return try Self.firstTime(JSONReader(clock: clock), head)
            case .stderr:
                return try prefix.flatMap { prefix throws(LogImportError) in
                    try Self.firstTime(PrefixedReader(prefix: prefix, clock: clock), head)
                }
            }
        } catch {
            throw error.at(path)
        }
    }

    private static func firstTime(_ reader: some EntryReader, _ head: LogHead) throws(LogImportError) -> Timestamp? {
        var reader = reader
        let bytes = head.bytes
        let found = bytes.withUnsafeBytes { bytes in
            Result { () throws(LogImportError) -> Timestamp? in
                var index = 0
                while index < bytes.count {
                    switch try reader.next(bytes.rest(from: index), isEnd: true) {
                    case .entry(let entry, _, _): return entry.time
                    case .malformed(_, let bytes, _), .skipped(let bytes, _): index += bytes
                    case .incomplete: return nil
                    }
                }
                return nil
            }
        }
        return try found.get()
    }
}
