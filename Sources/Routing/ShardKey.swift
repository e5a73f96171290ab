import ClusterModel

/// Why a value is not a shard key. It does not say the value: it goes into logs.
package struct ShardKeyError: Error, Sendable, Equatable {
    package enum Code: Sendable, Equatable {
        /// Not a value of the type: 22P02.
        case malformed
        /// A whole number that no integer type has: 22003.
        case outOfRange
        /// Of a type, or in a format, that the router cannot read as the key's type: 0A000.
        case unsupported
    }

    package let code: Code
    package let message: String

    package var sqlState: String {
        switch code {
        case .malformed: "22P02"
        case .outOfRange: "22003"
        case .unsupported: "0A000"
        }
    }

    static func malformed(_ type: ShardKeyType) -> ShardKeyError {
        ShardKeyError(code: .malformed, message: "invalid input syntax for the shard key's type \(type.rawValue)")
    }

    static func malformedArray(of type: ShardKeyType) -> ShardKeyError {
        ShardKeyError(code: .malformed, message: "malformed array of shard keys of type \(type.rawValue)")
    }

    static let endsWithBlank = ShardKeyError(
        code: .unsupported,
        message: "a shard key of type varchar that ends with a blank, which a column of limited length may cut off")

    static func outOfRange(_ type: ShardKeyType) -> ShardKeyError {
        ShardKeyError(code: .outOfRange, message: "the shard key is out of range for type \(type.rawValue)")
    }
}

/// A value of a group's key column.
package enum ShardKey: Hashable, Sendable {
    /// Also one that the type `integer` has not: no row equals it, and it lies where the equal bigint does.
    case integer(Int64)
    /// The bytes as PostgreSQL hashes them.
    case text(String)
    case uuid(high: UInt64, low: UInt64)

    /// Reads what PostgreSQL's input function for the type would read.
    package init(parsing text: String, as type: ShardKeyType) throws(ShardKeyError) {
        var text = text
        self = try text.withUTF8 { utf8 in Result { () throws(ShardKeyError) in try ShardKey(utf8, as: type) } }.get()
    }

    /// Reads the binary format of a parameter of the given type; 0 is a type left to the server.
    package init(binary bytes: [UInt8], typeOID: UInt32, as type: ShardKeyType) throws(ShardKeyError) {
        self = try bytes.withUnsafeBufferPointer { buffer in
            Result { () throws(ShardKeyError) in try ShardKey(binary: buffer, typeOID: typeOID, as: type) }
        }.get()
    }

    /// Where the key lies on the hash ring: PostgreSQL's extended hash with seed 0.
    package var position: Int64 {
        switch self {
        case .integer(let value): PostgresHash.int8(value)
        case .text(let value): PostgresHash.text(value)
        case .uuid(let high, let low): PostgresHash.uuid((high, low))
        }
    }
}
