// Whole numbers in as few bytes as they need: seven bits a byte, low bits first; signed ones zigzagged first.
// Reading never goes past the end and never traps: what is cut short or too large is an error.

/// Writes numbers of variable length.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func append(_ more: [UInt8]) { bytes += more }

    mutating func number(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func signed(_ value: Int64) { number(Self.zigzag(value)) }

    static func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }

    /// How many bytes `number` takes.
    static func length(_ value: UInt64) -> Int { max(1, (70 - value.leadingZeroBitCount) / 7) }
}

/// Reads what a `ByteWriter` wrote.
struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func byte() throws(HistoryError) -> UInt8 {
        guard position < bytes.count else { throw .corruptBlock(bytes: bytes.count) }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func number() throws(HistoryError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.count, shift < 64 {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 {
                guard shift < 63 || byte < 2 else { break }
                return value
            }
            shift += 7
        }
        throw .corruptBlock(bytes: bytes.count)
    }

    mutating func signed() throws(HistoryError) -> Int64 {
        let value = try number()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// The next bytes, as many as a number before them says.
    mutating func counted() throws(HistoryError) -> [UInt8] {
        guard let count = Int(exactly: try number()), count <= bytes.count - position else {
            throw .corruptBlock(bytes: bytes.count)
        }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    func corrupt() -> HistoryError { .corruptBlock(bytes: bytes.count) }
}
