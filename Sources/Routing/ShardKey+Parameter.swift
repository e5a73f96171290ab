import ClusterModel

// Parameters as clients bind them. Only types whose value is the key's own are read: a float or numeric parameter makes
// PostgreSQL compare as float or numeric, and a char(n) one ignores trailing blanks.

/// A bound parameter.
package struct ParameterValue: Sendable, Equatable {
    package enum Format: Sendable { case text, binary }

    package let format: Format
    /// As Parse declared it; 0 when it was left to the server.
    package let typeOID: UInt32
    /// Nil is NULL.
    package let bytes: [UInt8]?

    package init(format: Format, typeOID: UInt32, bytes: [UInt8]?) {
        self.format = format
        self.typeOID = typeOID
        self.bytes = bytes
    }

    var hasDeclaredType: Bool { typeOID != TypeOID.none && typeOID != TypeOID.unknown }
}

/// The types of PostgreSQL (pg_type.dat) that a key parameter may have.
enum TypeOID {
    static let unknown: UInt32 = 705
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let varchar: UInt32 = 1043
    static let uuid: UInt32 = 2950
    /// Left to the server.
    static let none: UInt32 = 0

    /// What an array of this type holds; nil for any other type.
    static func element(ofArray array: UInt32) -> UInt32? {
        switch array {
        case 1005: int2
        case 1007: int4
        case 1016: int8
        case 1009: text
        case 1015: varchar
        case 2951: uuid
        case none, unknown: none
        default: nil
        }
    }
}

extension ShardKey {
    /// Reads a parameter that is not NULL.
    init(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ format: ParameterValue.Format,
        typeOID: UInt32,
        as type: ShardKeyType
    ) throws(ShardKeyError) {
        guard type.accepts(parameterOf: typeOID) else {
            throw ShardKeyError(
                code: .unsupported,
                message: "a parameter of type OID \(typeOID) cannot be a shard key of type \(type.rawValue)"
            )
        }
        switch format {
        case .text: try self.init(bytes, as: type)
        case .binary: try self.init(binary: bytes, typeOID: typeOID, as: type)
        }
    }

    init(binary bytes: UnsafeBufferPointer<UInt8>, typeOID: UInt32, as type: ShardKeyType) throws(ShardKeyError) {
        switch type {
        case .text, .varchar: self = try Self.text(bytes, type)
        case .uuid: self = try Self.uuid(binary: bytes)
        case .integer, .bigint:
            guard Self.widths(of: typeOID).contains(bytes.count) else { throw .malformed(type) }
            self = .integer(Self.integer(binary: bytes))
        }
    }

    /// The numbers of bytes that a binary integer of this type may have. A type that is not declared follows from the
    /// column's or from a cast (`$1::int`), which need not be the key's; the client and the server know it.
    private static func widths(of typeOID: UInt32) -> [Int] {
        switch typeOID {
        case TypeOID.int2: [2]
        case TypeOID.int4: [4]
        case TypeOID.int8: [8]
        default: [2, 4, 8]
        }
    }

    private static func integer(binary bytes: UnsafeBufferPointer<UInt8>) -> Int64 {
        let bits = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let unused = UInt64(64 - bytes.count * 8)
        return Int64(bitPattern: bits << unused) >> Int64(unused)
    }

    private static func uuid(binary bytes: UnsafeBufferPointer<UInt8>) throws(ShardKeyError) -> ShardKey {
        guard bytes.count == 16 else { throw .malformed(.uuid) }
        let raw = UnsafeRawBufferPointer(bytes)
        return .uuid(
            high: UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
            low: UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        )
    }
}

extension ShardKeyType {
    fileprivate func accepts(parameterOf typeOID: UInt32) -> Bool {
        if typeOID == TypeOID.none || typeOID == TypeOID.unknown { return true }
        switch self {
        case .integer, .bigint: return [TypeOID.int2, TypeOID.int4, TypeOID.int8].contains(typeOID)
        case .text, .varchar: return [TypeOID.text, TypeOID.varchar].contains(typeOID)
        case .uuid: return typeOID == TypeOID.uuid
        }
    }
}
