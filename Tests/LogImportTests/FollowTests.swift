// One importer that comes back again and again, as `--follow` does.
import ClusterModel
import Foundation
import Routing
import Testing

@testable import LogImport

@Suite struct FollowTests {
    /// Writes, rotations and compressions in any order, with looks between them.
    @Test(arguments: [UInt64(1), 2, 3, 4])
    func rotationsLoseAndDoubleNothing(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let bytes = try Sample.bytes("work.log")
        let starts = Self.entryStarts(bytes)
        try withDirectory { directory in
            let sink = UsageInMemory()
            var importer = LogImporter(table: try .example(), options: LogImportOptions(), sink: sink)
            var (written, rotated) = (0, 0)
            var current: [UInt8] = []
            while written < bytes.count {
                let end = min(bytes.count, written + Int.random(in: 1...900, using: &random))
                // A server rotates between entries.
                let cut = starts.last { $0 <= end && $0 > written && !current.isEmpty }
                let isRotated = cut != nil && Int.random(in: 0..<4, using: &random) == 0
                let next = isRotated ? cut ?? end : end
                current += bytes[written..<next]
                written = next
                try write(current, to: directory + "/current.log")
                if current.contains(.newline), Bool.random(using: &random) {
                    try importer.run(paths: [directory], mayGrow: true)
                }
                if isRotated {
                    try FileManager.default.moveItem(
                        atPath: directory + "/current.log", toPath: directory + "/\(rotated).log")
                    rotated += 1
                    current = []
                }
            }
            // Nothing grows any more: at the second look what is at the ends is read too.
            for _ in 0..<3 { try importer.run(paths: [directory], mayGrow: true) }
            #expect(sink.usage == (try imported([Sample.path("work.log")]).usage))
            #expect(importer.report.malformed.isEmpty)
            #expect(importer.report.entries == (try imported([Sample.path("work.log")]).report.entries))
        }
    }

    /// The places where an entry begins, but not where DETAIL and the like of one do.
    private static func entryStarts(_ bytes: [UInt8]) -> [Int] {
        let asides = ["DETAIL:", "STATEMENT:", "HINT:", "CONTEXT:"]
        var starts: [Int] = []
        var index = 0
        for line in bytes.split(separator: .newline, omittingEmptySubsequences: false) {
            let text = String(decoding: line, as: UTF8.self)
            if !text.isEmpty, !text.hasPrefix("\t"), !asides.contains(where: { text.contains($0) }) {
                starts.append(index)
            }
            index += line.count + 1
        }
        return starts
    }
}
