// However an import is cut into runs and batches, and whatever a log's file is called, the history is the same.
import ClusterModel
import Foundation
import Testing

@testable import LogImport

@Suite struct ResumeTests {
    private static let samples = ["work.csv", "separate.csv", "separate.json", "separate.log", "prefixes.log"]

    private static func prefix(_ name: String) -> String? {
        name.hasPrefix("prefixes") ? LogImportOptions.allEscapes : nil
    }

    @Test(arguments: samples)
    func aSecondImportChangesNothing(name: String) throws {
        let sink = UsageInMemory()
        let first = try imported([Sample.path(name)], into: sink, prefix: Self.prefix(name))
        let second = try imported([Sample.path(name)], into: sink, prefix: Self.prefix(name))
        #expect(second.usage == first.usage)
        #expect(second.report.entries == 0 && second.report.bytes == 0)
        let twice = try imported([Sample.path(name), Sample.path(name)], prefix: Self.prefix(name))
        #expect(twice.usage == first.usage)
    }

    /// A file that grows is cut off at every byte; what a cut leaves is read later.
    @Test(arguments: samples)
    func growingByAnyStepIsTheSame(name: String) throws {
        let bytes = try Sample.bytes(name)
        let prefix = Self.prefix(name)
        let whole = try imported([Sample.path(name)], prefix: prefix).usage
        var random = SeededGenerator(seed: 7)
        try withDirectory { directory in
            let path = directory + "/growing"
            for _ in 0..<6 {
                let sink = UsageInMemory()
                var end = 0
                while end < bytes.count {
                    end = min(bytes.count, end + Int.random(in: 1...4000, using: &random))
                    try write(bytes[..<end], to: path)
                    guard bytes[..<end].contains(UInt8(ascii: "\n")) else { continue }
                    _ = try imported([path], into: sink, prefix: prefix, mayGrow: end < bytes.count)
                }
                #expect(sink.usage == whole)
            }
        }
    }

    @Test func everyTruncationIsMadeGoodLater() throws {
        let bytes = Array(try Sample.bytes("work.csv").prefix(1100))
        try withDirectory { directory in
            let path = directory + "/log.csv"
            try write(bytes, to: path)
            let whole = try imported([path]).usage
            for end in 1..<bytes.count {
                try write(bytes[..<end], to: path)
                let sink = UsageInMemory()
                let cut = try? imported([path], into: sink, mayGrow: true)
                #expect(cut.map { $0.report.malformed.isEmpty } ?? true, "cut at \(end)")
                try write(bytes, to: path)
                #expect(try imported([path], into: sink).usage == whole, "cut at \(end)")
            }
        }
    }

    @Test(arguments: samples)
    func batchesOfAnySizeAreTheSame(name: String) throws {
        let whole = try imported([Sample.path(name)], prefix: Self.prefix(name)).usage
        for bytes: Int64 in [1, 100, 1000, 5000] {
            let cut = try imported([Sample.path(name)], prefix: Self.prefix(name)) { options in
                options.batchBytes = bytes
                options.bufferBytes = 100
            }
            #expect(cut.usage == whole, "batches of \(bytes) bytes")
        }
    }

    /// The sink fails after some batches, as a process that is killed: nothing of the batch is kept.
    @Test(arguments: samples)
    func endingAtAnyBatchAndStartingAgainIsTheSame(name: String) throws {
        let whole = try imported([Sample.path(name)], prefix: Self.prefix(name)).usage
        for batches in 0..<12 {
            let sink = FailingSink()
            var tries = 0
            while true {
                sink.remaining = batches + tries
                tries += 1
                do {
                    var options = LogImportOptions()
                    options.prefix = try Self.prefix(name).map { try LinePrefix($0) }
                    options.batchBytes = 700
                    var importer = LogImporter(table: try .example(), options: options, sink: sink)
                    try importer.run(paths: [Sample.path(name)])
                    break
                } catch is FailingSink.Killed { continue }
            }
            #expect(sink.kept.usage == whole, "killed after \(batches) batches")
            if batches == 0 { #expect(tries > 1) }
        }
    }

    @Test func aLogIsKnownByItsText() throws {
        let bytes = try Sample.bytes("separate.csv")
        try withDirectory { directory in
            let sink = UsageInMemory()
            try write(bytes.prefix(4000), to: directory + "/postgresql.csv")
            _ = try imported([directory], into: sink, mayGrow: true)
            // Rotated: the old text goes on under another name, the name begins anew.
            try write(bytes, to: directory + "/postgresql.csv.1")
            try write(try Sample.bytes("work.csv"), to: directory + "/postgresql.csv")
            _ = try imported([directory], into: sink)
            let apart = UsageInMemory()
            _ = try imported([Sample.path("work.csv"), Sample.path("separate.csv")], into: apart)
            #expect(sink.usage == apart.usage)
        }
    }

    @Test func logsWithAnEqualFirstLineAreToldApart() throws {
        let line = "2026-11-23 08:00:00.000 UTC [1] LOG:  starting PostgreSQL\n"
        let first =
            line
            + "2026-11-23 08:00:01.000 UTC [2] LOG:  duration: 5.000 ms  statement: SELECT v FROM shop WHERE id = 1\n"
        let second =
            line
            + "2026-11-23 09:00:01.000 UTC [2] LOG:  duration: 7.000 ms  statement: SELECT v FROM shop WHERE id = 1\n"
        try withDirectory { directory in
            try write(first.utf8, to: directory + "/a")
            try write(second.utf8, to: directory + "/b")
            let sink = UsageInMemory()
            for _ in 0..<2 { _ = try imported([directory + "/a", directory + "/b"], into: sink) }
            #expect(sink.sources.count == 2)
            #expect(total(sink.usage).values.reduce(0) { $0 + $1.statements } == 2)
        }
    }

    @Test func aStatementMayBeginInOneLogAndEndInTheNext() throws {
        let begin = "2026-11-23 08:00:00.000 UTC [2] LOG:  statement: SELECT v FROM shop WHERE id = 1\n"
        let end = "2026-11-23 08:00:02.000 UTC [2] LOG:  duration: 2000.000 ms\n"
        try withDirectory { directory in
            try write(begin.utf8, to: directory + "/a")
            let sink = UsageInMemory()
            let first = try imported([directory], into: sink)
            #expect(first.report.pending == 1 && first.report.counted.statements == 0)
            try write(end.utf8, to: directory + "/b")
            let second = try imported([directory], into: sink)
            #expect(second.report.counted == ImportReport.Use(statements: 1, seconds: 2))
        }
    }

    @Test(arguments: LogCompression.allCases)
    func compressedLogsAreTheSameLogs(compression: LogCompression) throws {
        try withDirectory { directory in
            let packed = directory + "/work.csv.packed"
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = [compression.rawValue, "-c", Sample.path("work.csv")]
            #expect(FileManager.default.createFile(atPath: packed, contents: nil))
            process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: packed))
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "is \(compression.rawValue) installed?")
            let sink = UsageInMemory()
            let plain = try imported([Sample.path("work.csv")])
            #expect(try imported([packed], into: sink).usage == plain.usage)
            // The same log, not compressed, is known already.
            #expect(try imported([Sample.path("work.csv")], into: sink).report.entries == 0)
            // One that is cut off gives what comes before the cut, and says so.
            let bytes = try Data(contentsOf: URL(fileURLWithPath: packed))
            try write(bytes.prefix(bytes.count - 12), to: packed)
            let cut = try imported([packed])
            #expect(
                cut.report.files.contains {
                    $0.note.contains("damaged or cut off") || $0.note.contains("no whole line")
                })
        }
    }
}

/// Stores so many batches, then fails; all that was stored before stays.
private final class FailingSink: ImportSink {
    struct Killed: Error {}

    let kept = UsageInMemory()
    var remaining = 0

    func progress(of source: String) throws -> SourceProgress? { try kept.progress(of: source) }

    func add(_ records: [UsageRecord], step: Duration, from source: SourceProgress) throws -> StoredUsage {
        guard remaining > 0 else { throw Killed() }
        remaining -= 1
        return try kept.add(records, step: step, from: source)
    }
}
