// The parameters of a bound statement as the log shows them: `parameters: $1 = '42', $2 = NULL`. PostgreSQL doubles
// quotes, and ends a value that log_parameter_max_length cuts with `...` before its quote.

import Routing

enum ParameterList {
    /// More parameters than the protocol carries.
    private static let countMax = 65_535

    /// What became of the search for parameters.
    enum Reading: Equatable {
        case values([ParameterValue])
        /// One of the wanted parameters was cut off by the log.
        case cutOff
        /// There is no list, or not a whole one.
        case missing
    }

    /// Reads a list; only the values of the wanted numbers (from 1) are kept, the others are empty.
    static func read(_ text: UnsafeRawBufferPointer, wanted: [Int]) -> Reading {
        guard var index = start(of: text) else { return .missing }
        var values: [ParameterValue] = []
        while index < text.count {
            guard text.hasByte(UInt8(ascii: "$"), at: index) else { return .missing }
            let digits = index + 1
            index = digits
            while index < text.count, text[index].isDecimal { index += 1 }
            guard text.number(digits, index) == Int64(values.count + 1), values.count < countMax,
                text.begins(with: " = ", at: index)
            else { return .missing }
            index += 3
            let isWanted = wanted.contains(values.count + 1)
            if text.begins(with: "NULL", at: index) {
                index += 4
                values.append(ParameterValue(format: .text, typeOID: 0, bytes: nil))
            } else {
                guard let value = quoted(text, &index, isWanted: isWanted) else { return .missing }
                if isWanted, value.suffix(3).elementsEqual([0x2E, 0x2E, 0x2E]) { return .cutOff }
                values.append(ParameterValue(format: .text, typeOID: 0, bytes: value))
            }
            guard index < text.count else { break }
            guard text.begins(with: ", ", at: index) else { return .missing }
            index += 2
        }
        return values.isEmpty ? .missing : .values(values)
    }

    /// After `parameters: `, which PostgreSQL 16 spells `Parameters: `, or after ` with parameters: ` of a context.
    private static func start(of text: UnsafeRawBufferPointer) -> Int? {
        if text.begins(with: "arameters: ", at: 1) { return 12 }
        var index = 0
        while let place = text.place(of: UInt8(ascii: "w"), from: index) {
            if text.begins(with: "with parameters: ", at: place) { return place + 17 }
            index = place + 1
        }
        return nil
    }

    private static func quoted(_ text: UnsafeRawBufferPointer, _ index: inout Int, isWanted: Bool) -> [UInt8]? {
        guard text.hasByte(.apostrophe, at: index) else { return nil }
        var value: [UInt8] = []
        var start = index + 1
        while let quote = text.place(of: .apostrophe, from: start) {
            if isWanted { value.append(contentsOf: text.part(start, quote)) }
            guard text.hasByte(.apostrophe, at: quote + 1) else {
                index = quote + 1
                return value
            }
            if isWanted { value.append(.apostrophe) }
            start = quote + 2
        }
        return nil
    }
}
