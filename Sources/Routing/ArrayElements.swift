// The elements of an array parameter, as PostgreSQL 15 reads it: array_in and array_recv (arrayfuncs.c). `= ANY` looks at
// the elements of all dimensions alike, so that nesting does not matter here.
//
// Invariant: what is not certainly read as the server reads it is an error, never a shorter list.

enum ArrayElements {
    /// Each element as a parameter of its own; none for NULL.
    static func read(_ array: ParameterValue) throws(ShardKeyError) -> [ParameterValue] {
        guard let element = TypeOID.element(ofArray: array.typeOID) else {
            throw ShardKeyError(
                code: .unsupported,
                message: "a parameter of type OID \(array.typeOID) is no array of shard keys that the router can read")
        }
        guard let bytes = array.bytes else { return [] }
        switch array.format {
        case .text: return try text(bytes[...], element)
        case .binary: return try binary(bytes[...])
        }
    }

    private static let malformed = ShardKeyError(code: .malformed, message: "malformed array")
    private static let unsupported = ShardKeyError(
        code: .unsupported, message: "an array of shard keys has no bounds, and escapes inside of quotes only")

    // MARK: Binary

    /// PostgreSQL's own limit (MAXDIM).
    private static let dimensionsMax: Int32 = 6

    /// The header names the elements' type, whatever Parse declared: that is what the server goes by.
    private static func binary(_ bytes: ArraySlice<UInt8>) throws(ShardKeyError) -> [ParameterValue] {
        var rest = bytes
        let dimensions = try integer(&rest)
        _ = try integer(&rest)
        let type = UInt32(bitPattern: try integer(&rest))
        guard (0...dimensionsMax).contains(dimensions) else { throw malformed }
        var count = dimensions == 0 ? 0 : 1
        for _ in 0..<dimensions {
            let length = try integer(&rest)
            _ = try integer(&rest)
            // An element takes four bytes at least.
            guard length >= 0, count * Int(length) <= bytes.count / 4 else { throw malformed }
            count *= Int(length)
        }
        var elements: [ParameterValue] = []
        for _ in 0..<count {
            let length = Int(try integer(&rest))
            guard length >= -1, length <= rest.count else { throw malformed }
            elements.append(
                ParameterValue(format: .binary, typeOID: type, bytes: length < 0 ? nil : Array(rest.prefix(length))))
            rest = rest.dropFirst(max(0, length))
        }
        guard rest.isEmpty else { throw malformed }
        return elements
    }

    private static func integer(_ rest: inout ArraySlice<UInt8>) throws(ShardKeyError) -> Int32 {
        guard rest.count >= 4 else { throw malformed }
        let value = rest.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        rest = rest.dropFirst(4)
        return Int32(bitPattern: value)
    }

    // MARK: Text

    /// `{1, 2, NULL}`, `{"a b", "c\\"d"}`, `{{1, 2}, {3, 4}}`. Bounds (`[2:3]={...}`) are refused.
    private static func text(_ bytes: ArraySlice<UInt8>, _ type: UInt32) throws(ShardKeyError) -> [ParameterValue] {
        var reader = ArrayText(rest: bytes)
        var elements: [ParameterValue] = []
        for element in try reader.elements() {
            elements.append(ParameterValue(format: .text, typeOID: type, bytes: element))
        }
        return elements
    }

    private struct ArrayText {
        var rest: ArraySlice<UInt8>

        mutating func elements() throws(ShardKeyError) -> [[UInt8]?] {
            var found: [[UInt8]?] = []
            skipBlanks()
            guard rest.first != UInt8(ascii: "[") else { throw unsupported }
            guard rest.first == UInt8(ascii: "{") else { throw malformed }
            var depth = 0
            /// A value or an array may begin here, not a comma or, but for an empty array, a brace.
            var isExpected = true
            repeat {
                skipBlanks()
                guard let byte = rest.first else { throw malformed }
                switch byte {
                case UInt8(ascii: "{"):
                    guard isExpected, depth < dimensionsMax else { throw malformed }
                    rest.removeFirst()
                    depth += 1
                case UInt8(ascii: "}"):
                    guard !isExpected || found.isEmpty else { throw malformed }
                    rest.removeFirst()
                    depth -= 1
                    isExpected = false
                case UInt8(ascii: ","):
                    guard !isExpected else { throw malformed }
                    rest.removeFirst()
                    isExpected = true
                default:
                    guard isExpected else { throw malformed }
                    found.append(byte == UInt8(ascii: "\"") ? try quoted() : try plain())
                    isExpected = false
                }
            } while depth > 0
            skipBlanks()
            guard rest.isEmpty else { throw malformed }
            return found
        }

        private mutating func skipBlanks() { rest = rest.drop(while: ArrayText.isBlank) }

        private mutating func quoted() throws(ShardKeyError) -> [UInt8] {
            var value: [UInt8] = []
            rest.removeFirst()
            while var byte = rest.popFirst() {
                if byte == UInt8(ascii: "\"") { return value }
                if byte == UInt8(ascii: "\\") {
                    guard let escaped = rest.popFirst() else { throw malformed }
                    byte = escaped
                }
                value.append(byte)
            }
            throw malformed
        }

        /// Up to a comma or a brace, without the blanks at its end.
        private mutating func plain() throws(ShardKeyError) -> [UInt8]? {
            let end = rest.firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") } ?? rest.endIndex
            var value = rest[rest.startIndex..<end]
            rest = rest[end...]
            while let last = value.last, ArrayText.isBlank(last) { value.removeLast() }
            guard !value.contains(UInt8(ascii: "\\")) else { throw unsupported }
            let special = [UInt8(ascii: "{"), UInt8(ascii: "\"")]
            guard !value.contains(where: { special.contains($0) }) else { throw malformed }
            let isNull = value.count == 4 && value.elementsEqual("null".utf8) { $0 | 0x20 == $1 }
            return isNull ? nil : Array(value)
        }

        /// C's isspace.
        private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    }
}
