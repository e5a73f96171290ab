// Many rows as one blob, column by column. A row is named by its key: in a page (one step of up to 1,024 segments) the
// segment's slot, in a chunk (one segment over a day, say) the number of the step. The layout, version 1:
//
//   version | runs: count, then (gap, length) each | covered | busy | offered - busy | imported | waiting | statements
//           | rows | bytes | errors | latency: 0, or 1 and for each row a counted LatencyBlob
//
// A column of numbers is 0 and the one value that all rows have; or 1 and the values; or 2 and their differences,
// whichever is shortest. What loads need comes first, so that reading them decodes nothing else.
// A released version is never changed. Invariant: decoding checks everything and throws, never traps.

import ClusterModel

/// The stored form of a page or a chunk.
enum UsageBlock {
    /// Keys are below this: what a page holds, and more than the steps of any chunk.
    static let keyLimit = 1024
    private static let version: UInt8 = 1

    /// `rows` by ascending key.
    static func encode(_ rows: [(key: Int, row: UsageRow)]) -> [UInt8] {
        var writer = ByteWriter()
        writer.byte(version)
        encode(keys: rows.map(\.key), to: &writer)
        encode(rows.map(\.row.coveredMilliseconds), to: &writer)
        encode(rows.map(\.row.busy), to: &writer)
        encode(rows.map { $0.row.offered &- $0.row.busy }, to: &writer)
        encode(rows.map { $0.row.isImported ? 1 : 0 }, to: &writer)
        encode(rows.map(\.row.waiting), to: &writer)
        encode(rows.map(\.row.statements), to: &writer)
        encode(rows.map(\.row.rows), to: &writer)
        encode(rows.map(\.row.bytes), to: &writer)
        encode(rows.map(\.row.errors), to: &writer)
        if rows.allSatisfy(\.row.latency.isEmpty) {
            writer.byte(0)
        } else {
            writer.byte(1)
            for (_, row) in rows {
                writer.number(UInt64(row.latency.count))
                writer.append(row.latency)
            }
        }
        return writer.bytes
    }

    /// The rows of a block; `identify` gives a key its segment and start.
    static func decode(
        _ bytes: UnsafeRawBufferPointer,
        _ identify: (Int) -> (segment: Int64, start: Timestamp)
    ) throws(HistoryError) -> [(key: Int, row: UsageRow)] {
        var columns = UsageColumns()
        var reader = try columns.decode(bytes)
        let count = columns.keys.count
        var numbers: [[Int64]] = []
        for _ in 0..<6 {
            var column: [Int64] = []
            try reader.column(count, into: &column)
            numbers.append(column)
        }
        let hasLatency = try reader.byte()
        guard hasLatency <= 1 else { throw reader.corrupt() }
        var rows: [(key: Int, row: UsageRow)] = []
        rows.reserveCapacity(count)
        for (index, key) in columns.keys.enumerated() {
            let (segment, start) = identify(key)
            var row = UsageRow(
                segment: segment,
                start: start,
                coveredMilliseconds: columns.covered[index],
                isImported: numbers[0][index] != 0
            )
            row.busy = columns.busy[index]
            row.offered = columns.offered[index]
            row.waiting = numbers[1][index]
            row.statements = numbers[2][index]
            row.rows = numbers[3][index]
            row.bytes = numbers[4][index]
            row.errors = numbers[5][index]
            if hasLatency == 1 { row.latency = try reader.counted() }
            rows.append((key, row))
        }
        guard reader.isAtEnd else { throw reader.corrupt() }
        return rows
    }

    private static func encode(keys: [Int], to writer: inout ByteWriter) {
        var runs: [(gap: Int, length: Int)] = []
        var next = 0
        for key in keys {
            if key == next, !runs.isEmpty {
                runs[runs.count - 1].length += 1
            } else {
                runs.append((key - next, 1))
            }
            next = key + 1
        }
        writer.number(UInt64(runs.count))
        for run in runs {
            writer.number(UInt64(run.gap))
            writer.number(UInt64(run.length))
        }
    }

    private static func encode(_ values: [Int64], to writer: inout ByteWriter) {
        var plain = 0
        var differences = 0
        var previous: Int64 = 0
        var isConstant = true
        for value in values {
            plain += ByteWriter.length(ByteWriter.zigzag(value))
            differences += ByteWriter.length(ByteWriter.zigzag(value &- previous))
            isConstant = isConstant && value == values[0]
            previous = value
        }
        if isConstant {
            writer.byte(0)
            writer.signed(values.first ?? 0)
        } else if plain <= differences {
            writer.byte(1)
            for value in values { writer.signed(value) }
        } else {
            writer.byte(2)
            previous = 0
            for value in values {
                writer.signed(value &- previous)
                previous = value
            }
        }
    }

    /// Reads the head of a block: its version, and the keys of its rows.
    fileprivate static func keys(_ reader: inout ByteReader, into keys: inout [Int]) throws(HistoryError) {
        guard try reader.byte() == version else { throw reader.corrupt() }
        keys.removeAll(keepingCapacity: true)
        var next: UInt64 = 0
        let limit = UInt64(keyLimit)
        let runs = try reader.number()
        guard runs <= limit else { throw reader.corrupt() }
        for _ in 0..<runs {
            let gap = try reader.number()
            let length = try reader.number()
            guard gap <= limit, length > 0, length <= limit, next + gap + length <= limit else {
                throw reader.corrupt()
            }
            keys.append(contentsOf: Int(next + gap)..<Int(next + gap + length))
            next += gap + length
        }
    }
}

/// The columns of a block that loads are made of. Its arrays are used again for the next block.
struct UsageColumns {
    /// More than any step, and so little that sums cannot overflow.
    private static let coverage: ClosedRange<Int64> = 0...86_400_000

    private(set) var keys: [Int] = []
    /// Milliseconds.
    private(set) var covered: [Int64] = []
    /// Microseconds.
    private(set) var busy: [Int64] = []
    private(set) var offered: [Int64] = []

    /// Reads these columns; what is returned stands at the next one.
    @discardableResult
    mutating func decode(_ bytes: UnsafeRawBufferPointer) throws(HistoryError) -> ByteReader {
        var reader = ByteReader(bytes)
        try UsageBlock.keys(&reader, into: &keys)
        try reader.column(keys.count, into: &covered)
        guard covered.allSatisfy(Self.coverage.contains) else { throw reader.corrupt() }
        try reader.column(keys.count, into: &busy)
        try reader.column(keys.count, into: &offered)
        for index in offered.indices { offered[index] &+= busy[index] }
        return reader
    }
}

extension ByteReader {
    fileprivate mutating func column(_ count: Int, into values: inout [Int64]) throws(HistoryError) {
        values.removeAll(keepingCapacity: true)
        switch try byte() {
        case 0:
            values.append(contentsOf: repeatElement(try signed(), count: count))
        case 1:
            for _ in 0..<count { values.append(try signed()) }
        case 2:
            var value: Int64 = 0
            for _ in 0..<count {
                value &+= try signed()
                values.append(value)
            }
        default:
            throw corrupt()
        }
    }
}
