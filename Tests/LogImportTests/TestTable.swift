import ClusterModel
import Foundation
import Routing

@testable import LogImport

extension QueryRoutingTable {
    /// `shop` by bigint in four segments, `library` by text in two.
    static func example() throws -> QueryRoutingTable {
        let groups = [
            ShardGroup(
                id: "shop", keyType: .bigint, tables: [ShardedTable(table: TableName(name: "shop"), keyColumn: "id")]),
            ShardGroup(
                id: "library", keyType: .text,
                tables: [ShardedTable(table: TableName(name: "documents"), keyColumn: "owner")]),
        ]
        let segments = [("shop", 4), ("library", 2)].flatMap { name, count in
            HashArc.equalParts(count).enumerated().map {
                Segment(id: SegmentID("\(name)-\($0.offset)"), group: GroupID(name), arc: $0.element)
            }
        }
        return try QueryRoutingTable(
            epoch: .initial, groups: groups, segments: segments,
            locations: Dictionary(uniqueKeysWithValues: segments.map { ($0.id, InstanceID("home")) }))
    }

    /// The segment of a row of `shop`.
    func shop(_ id: Int64) -> SegmentID { segment(of: "shop", at: PostgresHash.int8(id)).id }
}

/// The real logs beside the tests: what one PostgreSQL 15 wrote in three formats.
enum Sample {
    static func path(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Samples/" + name
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
    }
}

/// Lends a directory that is gone afterwards.
func withDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
    let path = FileManager.default.temporaryDirectory.path + "/foreshard-import-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
}

func write(_ bytes: some Sequence<UInt8>, to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
}

extension LogImportOptions {
    /// The prefix under which the sample `prefixes.log` was written.
    static let allEscapes = "%n|%c|%l|%-12a|%5p|%P|%u|%d|%h|%b|%i|%e|%s|%v|%x|%Q|%%|%q<%a> "
}

/// Reads logs once into memory.
func imported(
    _ paths: [String], into sink: UsageInMemory = UsageInMemory(), prefix: String? = nil,
    mayGrow: Bool = false, _ change: (inout LogImportOptions) -> Void = { _ in }
) throws -> (usage: [Timestamp: [SegmentID: SegmentUsage]], report: ImportReport) {
    var options = LogImportOptions()
    options.prefix = try prefix.map { pattern in try LinePrefix(pattern) }
    change(&options)
    var importer = LogImporter(table: try .example(), options: options, sink: sink)
    try importer.run(paths: paths, mayGrow: mayGrow)
    return (sink.usage, importer.report)
}

/// All steps in one.
func total(_ usage: [Timestamp: [SegmentID: SegmentUsage]]) -> [SegmentID: SegmentUsage] {
    var sum: [SegmentID: SegmentUsage] = [:]
    for step in usage.values { for (segment, use) in step { sum[segment, default: SegmentUsage()] += use } }
    return sum
}
