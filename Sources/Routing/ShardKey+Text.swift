import ClusterModel

// Text input as PostgreSQL 15 reads it: int8in and int4in (numutils.c pg_strtoint64: blanks around, one sign, decimal
// digits) and uuid_in (uuid.c string_to_uuid: hexadecimal, a hyphen allowed after every group of four, braces).

extension ShardKey {
    init(_ text: UnsafeBufferPointer<UInt8>, as type: ShardKeyType) throws(ShardKeyError) {
        switch type {
        case .text, .varchar: self = try Self.text(text, type)
        case .uuid: self = try Self.uuid(text)
        case .integer, .bigint: self = .integer(try Self.integer(text, type))
        }
    }

    private static func integer(
        _ text: UnsafeBufferPointer<UInt8>,
        _ type: ShardKeyType
    ) throws(ShardKeyError) -> Int64 {
        var index = text.firstIndex { !$0.isBlank } ?? text.count
        var isNegative = false
        if index < text.count, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") {
            isNegative = text[index] == UInt8(ascii: "-")
            index += 1
        }
        let firstDigit = index
        var value: Int64 = 0
        var overflows = false
        while index < text.count, let digit = text[index].decimalDigit {
            // Towards the sign, so that the smallest value needs no special case.
            let (tens, carries) = value.multipliedReportingOverflow(by: 10)
            let (sum, exceeds) =
                isNegative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
            overflows = overflows || carries || exceeds
            value = sum
            index += 1
        }
        // PostgreSQL stops at the digit that overflows, before it sees what follows the digits.
        guard !overflows else { throw .outOfRange(type) }
        guard index > firstDigit, text[index...].allSatisfy(\.isBlank) else { throw .malformed(type) }
        return value
    }

    static func text(_ text: UnsafeBufferPointer<UInt8>, _ type: ShardKeyType) throws(ShardKeyError) -> ShardKey {
        guard type == .text || text.last != UInt8(ascii: " ") else { throw .endsWithBlank }
        return .text(String(decoding: text, as: UTF8.self))
    }

    private static func uuid(_ text: UnsafeBufferPointer<UInt8>) throws(ShardKeyError) -> ShardKey {
        var index = 0
        var halves: (high: UInt64, low: UInt64) = (0, 0)
        let hasBraces = text.first == UInt8(ascii: "{")
        if hasBraces { index = 1 }
        for byteNumber in 0..<16 {
            guard index + 2 <= text.count, let high = text[index].hexDigit, let low = text[index + 1].hexDigit else {
                throw .malformed(.uuid)
            }
            let byte = UInt64(high << 4 | low)
            if byteNumber < 8 { halves.high = halves.high << 8 | byte } else { halves.low = halves.low << 8 | byte }
            index += 2
            let mayHyphen = byteNumber % 2 == 1 && byteNumber < 15
            if mayHyphen, index < text.count, text[index] == UInt8(ascii: "-") { index += 1 }
        }
        if hasBraces {
            guard index < text.count, text[index] == UInt8(ascii: "}") else { throw .malformed(.uuid) }
            index += 1
        }
        guard index == text.count else { throw .malformed(.uuid) }
        return .uuid(high: halves.high, low: halves.low)
    }
}

extension UInt8 {
    /// C's isspace.
    fileprivate var isBlank: Bool { self == 0x20 || (0x09...0x0D).contains(self) }

    fileprivate var decimalDigit: Int64? { (0x30...0x39).contains(self) ? Int64(self - 0x30) : nil }

    fileprivate var hexDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
