// The parts' rows that wait to be merged: the columns that the merging statement needs as binary arrays, and, where the
// rows themselves are the answer, the rest of each row as the client will get it. Invariant: `bytes` counts all of it.
//
// Array format: PostgreSQL 15 src/backend/utils/adt/arrayfuncs.c array_recv.
import NIOCore
import SQLAnalysis
import WireProtocol

struct PartRows {
    private struct Column {
        let elementOID: UInt32
        var hasNull = false
        var elements = ByteBuffer()
    }

    private var columns: [Column]
    private let keepsRows: Bool
    private var rows = ByteBuffer()
    /// Where each row ends in `rows`.
    private var ends: [Int] = []
    private(set) var count = 0

    /// - Parameter keepsRows: the columns are the last ones of rows whose rest is kept.
    init(columnOIDs: [UInt32], keepsRows: Bool) {
        columns = columnOIDs.map { Column(elementOID: $0) }
        self.keepsRows = keepsRows
    }

    var bytes: Int {
        columns.reduce(rows.readableBytes + 8 * ends.count) { $0 + $1.elements.readableBytes }
    }

    /// False when the row is malformed or does not have the columns.
    mutating func add(_ frame: Frame) -> Bool {
        var payload = frame.payload
        guard let fieldCount = payload.readInteger(as: UInt16.self).map(Int.init), fieldCount >= columns.count,
            keepsRows || fieldCount == columns.count
        else { return false }
        let start = payload.readerIndex
        let kept = fieldCount - columns.count
        for _ in 0..<kept { guard payload.readValue() != nil else { return false } }
        if keepsRows { keep(frame, start..<payload.readerIndex, fields: kept) }
        for index in columns.indices {
            guard let value = payload.readValue() else { return false }
            if let value {
                columns[index].elements.writeInteger(Int32(value.readableBytes))
                columns[index].elements.writeImmutableBuffer(value)
            } else {
                columns[index].hasNull = true
                columns[index].elements.writeInteger(Int32(-1))
            }
        }
        count += 1
        return payload.readableBytes == 0
    }

    private mutating func keep(_ frame: Frame, _ values: Range<Int>, fields: Int) {
        rows.writeInteger(BackendMessage.Kind.dataRow.rawValue)
        rows.writeInteger(Int32(values.count + 6))
        rows.writeInteger(UInt16(fields))
        if let slice = frame.bytes.getSlice(at: values.lowerBound, length: values.count) {
            rows.writeImmutableBuffer(slice)
        }
        ends.append(rows.writerIndex)
    }

    /// The message of a row by its number from 1; nil when there is none.
    func row(_ number: Int) -> ByteBuffer? {
        guard number >= 1, number <= ends.count else { return nil }
        let start = number == 1 ? 0 : ends[number - 2]
        return rows.getSlice(at: start, length: ends[number - 1] - start)
    }

    /// The parameters of the merging statement: an array for each column, or the number of rows where there is none. The
    /// columns are given away with them.
    mutating func takeParameters() -> [ByteBuffer] {
        guard !columns.isEmpty else {
            var number = ByteBuffer()
            number.writeInteger(Int64(count))
            return [number]
        }
        return columns.indices.map { index in
            let column = columns[index]
            columns[index] = Column(elementOID: column.elementOID)
            var array = ByteBuffer()
            array.reserveCapacity(column.elements.readableBytes + 20)
            array.writeInteger(Int32(count == 0 ? 0 : 1))
            array.writeInteger(Int32(column.hasNull ? 1 : 0))
            array.writeInteger(column.elementOID)
            guard count > 0 else { return array }
            array.writeInteger(Int32(count))
            array.writeInteger(Int32(1))
            array.writeImmutableBuffer(column.elements)
            return array
        }
    }

    /// The types of `takeParameters()`.
    var parameterOIDs: [UInt32] {
        columns.isEmpty ? [20] : columns.map { MergeableType(oid: $0.elementOID)?.arrayOID ?? 0 }
    }
}
