import ClusterModel
import Routing
import Testing

@Suite struct ShardKeyTests {
    @Test(arguments: [
        ("0", 0), ("42", 42), ("+42", 42), ("-42", -42), ("007", 7), (" \t\n\u{B}\u{C}\r5 ", 5),
        ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
    ])
    func readsIntegersAsPostgreSQLDoes(text: String, value: Int64) throws {
        #expect(try ShardKey(parsing: text, as: .bigint) == .integer(value))
    }

    @Test(arguments: ["", " ", "-", "+", "--5", "- 5", "5 5", "5x", "0x1F", "1_000", "5.0", "1e3", "５", "NaN"])
    func refusesWhatIsNoInteger(text: String) {
        #expect(sqlState { try ShardKey(parsing: text, as: .bigint) } == "22P02")
    }

    @Test(arguments: ["9223372036854775808", "-9223372036854775809", "99999999999999999999999"])
    func refusesIntegersOutOfRange(text: String) throws {
        #expect(sqlState { try ShardKey(parsing: text, as: .bigint) } == "22003")
        #expect(sqlState { try ShardKey(parsing: text + "x", as: .bigint) } == "22003")
    }

    @Test func integerKeysBeyond32BitsLieWhereTheEqualBigintDoes() throws {
        #expect(try ShardKey(parsing: "-2147483648", as: .integer) == .integer(-2_147_483_648))
        #expect(try ShardKey(parsing: "3000000000", as: .integer) == ShardKey(parsing: "3000000000", as: .bigint))
        #expect(sqlState { try ShardKey(parsing: "9223372036854775808", as: .integer) } == "22003")
    }

    @Test(arguments: [
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
        "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "a0eebc999c0b4ef8bb6d6bb9bd380a11",
        "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}",
    ])
    func readsEveryFormOfAUUID(text: String) throws {
        #expect(
            try ShardKey(parsing: text, as: .uuid) == .uuid(high: 0xA0EE_BC99_9C0B_4EF8, low: 0xBB6D_6BB9_BD38_0A11)
        )
    }

    @Test(arguments: [
        "", "{}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11-",
        "-a0eebc999c0b4ef8bb6d6bb9bd380a11", "a-0eebc999c0b4ef8bb6d6bb9bd380a11",
        "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", " a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99--9c0b-4ef8-bb6d-6bb9bd380a11",
    ])
    func refusesWhatIsNoUUID(text: String) {
        #expect(sqlState { try ShardKey(parsing: text, as: .uuid) } == "22P02")
    }

    @Test func readsBinaryIntegersOfEveryWidth() throws {
        #expect(try ShardKey(binary: [0xFF, 0xFE], typeOID: 21, as: .bigint) == .integer(-2))
        #expect(try ShardKey(binary: [0, 0, 1, 0], typeOID: 23, as: .bigint) == .integer(256))
        #expect(
            try ShardKey(binary: [0xFF] + Array(repeating: 0, count: 7), typeOID: 20, as: .bigint) == .integer(-1 << 56)
        )
        #expect(try ShardKey(binary: [0, 0, 0, 0, 0, 0, 0, 9], typeOID: 0, as: .bigint) == .integer(9))
        #expect(try ShardKey(binary: [0, 0, 0, 9], typeOID: 0, as: .integer) == .integer(9))
    }

    @Test(arguments: [ShardKeyType.integer, .bigint], [UInt32(0), 705])
    func binaryIntegersOfNoDeclaredTypeHaveTheWidthTheyHave(type: ShardKeyType, typeOID: UInt32) throws {
        #expect(try ShardKey(binary: [0xFF, 0xFE], typeOID: typeOID, as: type) == .integer(-2))
        #expect(try ShardKey(binary: [0x80, 0, 0, 9], typeOID: typeOID, as: type) == .integer(9 - 1 << 31))
        #expect(try ShardKey(binary: [0, 0, 0, 0, 0, 0, 0, 9], typeOID: typeOID, as: type) == .integer(9))
        for width in [0, 1, 3, 5, 7, 9] {
            let bytes = Array(repeating: UInt8(1), count: width)
            #expect(sqlState { try ShardKey(binary: bytes, typeOID: typeOID, as: type) } == "22P02")
        }
    }

    @Test func refusesBinaryValuesOfTheWrongWidth() {
        #expect(sqlState { try ShardKey(binary: [0, 0, 0, 9], typeOID: 20, as: .bigint) } == "22P02")
        #expect(sqlState { try ShardKey(binary: [0, 9], typeOID: 23, as: .integer) } == "22P02")
        #expect(sqlState { try ShardKey(binary: [], typeOID: 20, as: .bigint) } == "22P02")
        #expect(sqlState { try ShardKey(binary: Array(repeating: 1, count: 15), typeOID: 2950, as: .uuid) } == "22P02")
    }

    @Test func binaryTextAndUUIDsAreTheirBytes() throws {
        #expect(try ShardKey(binary: Array("ann".utf8), typeOID: 1043, as: .text) == .text("ann"))
        #expect(
            try ShardKey(binary: Array(repeating: 1, count: 16), typeOID: 2950, as: .uuid)
                == .uuid(high: 0x0101_0101_0101_0101, low: 0x0101_0101_0101_0101)
        )
    }

    /// `varchar(3)` stores 'abc' where 'abc  ' was sent, and keeps the blank of 'ab '.
    @Test func keysOfLimitedLengthDoNotEndWithABlank() throws {
        for text in ["abc ", " ", "ab  "] {
            #expect(sqlState { try ShardKey(parsing: text, as: .varchar) } == "0A000")
            #expect(sqlState { try ShardKey(binary: Array(text.utf8), typeOID: 1043, as: .varchar) } == "0A000")
            #expect(try ShardKey(parsing: text, as: .text) == .text(text))
        }
        for text in ["", "abc", " abc", "a b\t"] {
            #expect(try ShardKey(parsing: text, as: .varchar).position == ShardKey(parsing: text, as: .text).position)
        }
    }

    @Test func oneKeyHasOnePositionInEveryForm() throws {
        let text = try ShardKey(parsing: "-5", as: .bigint).position
        #expect(try ShardKey(binary: [0xFF, 0xFF, 0xFF, 0xFB], typeOID: 23, as: .bigint).position == text)
        #expect(try ShardKey(parsing: "-5", as: .integer).position == text)
    }

    private func sqlState(_ body: () throws -> ShardKey) -> String? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? ShardKeyError)?.sqlState
        }
    }
}
