import ClusterModel
import Foundation
import LogImport
import Routing

/// The log of a shop: four in ten statements are simple with literals, six are prepared with parameters.
struct ShopLog {
    let format: LogFormat
    private var random = SeededGenerator(seed: 11)
    private var line = 0

    init(format: LogFormat) { self.format = format }

    static func table() throws -> QueryRoutingTable {
        let group = ShardGroup(
            id: "shop", keyType: .bigint,
            tables: [
                ShardedTable(table: TableName(name: "orders"), keyColumn: "customer_id"),
                ShardedTable(table: TableName(name: "items"), keyColumn: "customer_id"),
            ])
        let segments = HashArc.equalParts(64).enumerated().map {
            Segment(id: SegmentID("shop-\($0.offset)"), group: "shop", arc: $0.element)
        }
        return try QueryRoutingTable(
            epoch: .initial, groups: [group], segments: segments,
            locations: Dictionary(uniqueKeysWithValues: segments.map { ($0.id, InstanceID("home-1")) }))
    }

    func write(to path: String, bytes: Int) throws {
        var log = self
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw CocoaError(.fileWriteNoPermission) }
        var text = ""
        var written = 0
        var milliseconds: Int64 = 1_795_420_800_000
        while written + text.utf8.count < bytes {
            milliseconds += Int64.random(in: 0...40, using: &log.random)
            text += log.entry(at: Timestamp(milliseconds: milliseconds))
            if text.utf8.count > 1 << 20 {
                try file.write(contentsOf: Data(text.utf8))
                written += text.utf8.count
                text = ""
            }
        }
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
    }

    private mutating func entry(at time: Timestamp) -> String {
        line += 1
        let customer = Int.random(in: 1...100_000, using: &random)
        let order = Int.random(in: 1...9_000_000, using: &random)
        let took = Int.random(in: 30...9000, using: &random)
        let duration = "duration: \(took / 1000).\(String(took % 1000 + 1000).dropFirst()) ms"
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1:
            return shown(
                time,
                "\(duration)  statement: SELECT id, total, created FROM orders WHERE customer_id = \(customer) "
                    + "ORDER BY created DESC LIMIT 20",
                nil)
        case 2:
            return shown(
                time,
                "\(duration)  statement: INSERT INTO items (customer_id, order_id, name, price) "
                    + "VALUES (\(customer), \(order), 'Socks, \"warm\"', 12.50)",
                nil)
        case 3:
            return shown(
                time,
                "\(duration)  statement: UPDATE orders SET total = total + 12.50\n"
                    + "  WHERE customer_id = \(customer) AND id = \(order)",
                nil)
        default:
            return shown(
                time,
                "\(duration)  execute S_\(order % 9): SELECT o.id, sum(i.price) FROM orders o "
                    + "JOIN items i ON i.customer_id = o.customer_id AND i.order_id = o.id "
                    + "WHERE o.customer_id = $1 AND o.id = $2 GROUP BY o.id",
                "parameters: $1 = '\(customer)', $2 = '\(order)'")
        }
    }

    private mutating func shown(_ time: Timestamp, _ message: String, _ detail: String?) -> String {
        let process = 4000 + Int.random(in: 0..<80, using: &random)
        let session = "6b03e8f6.\(String(process, radix: 16))"
        let iso = time.description
        let fraction = iso.contains(".") ? String(iso.dropFirst(20).prefix(3)) : "000"
        let clock = "\(iso.prefix(10)) \(iso.dropFirst(11).prefix(8)).\(fraction) UTC"
        switch format {
        case .csvlog:
            let quoted = message.replacing("\"", with: "\"\"")
            return
                "\(clock),\"app\",\"shop\",\(process),\"10.0.0.7:52030\",\(session),\(line),"
                + "\"SELECT\",2026-11-23 07:19:18 UTC,3/\(line),0,LOG,00000,\"\(quoted)\","
                + (detail.map { "\"\($0)\"" } ?? "") + ",,,,,,,,\"shop-web\",\"client backend\",,0\n"
        case .jsonlog:
            let escaped = message.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing(
                "\n", with: "\\n")
            return "{\"timestamp\":\"\(clock)\",\"user\":\"app\",\"dbname\":\"shop\",\"pid\":\(process),"
                + "\"remote_host\":\"10.0.0.7\",\"remote_port\":52030,\"session_id\":\"\(session)\","
                + "\"line_num\":\(line),\"ps\":\"SELECT\",\"session_start\":\"2026-11-23 07:19:18 UTC\","
                + "\"vxid\":\"3/\(line)\","
                + "\"txid\":0,\"error_severity\":\"LOG\",\"message\":\"\(escaped)\","
                + (detail.map { "\"detail\":\"\($0)\"," } ?? "")
                + "\"application_name\":\"shop-web\",\"backend_type\":\"client backend\",\"query_id\":0}\n"
        case .stderr:
            let prefix = "\(clock) [\(process)] app@shop "
            return "\(prefix)LOG:  \(message.replacing("\n", with: "\n\t"))\n"
                + (detail.map { "\(prefix)DETAIL:  \($0)\n" } ?? "")
        }
    }
}
