import ClusterModel
import PostgresClient
import TestServers
import Testing

@testable import Routing

@Suite struct ArrayElementsTests {
    private func text(_ text: String, _ type: UInt32 = 1016) -> ParameterValue {
        ParameterValue(format: .text, typeOID: type, bytes: Array(text.utf8))
    }

    private func elements(_ text: String) throws(ShardKeyError) -> [String?] {
        try ArrayElements.read(self.text(text)).map { $0.bytes.map { String(decoding: $0, as: UTF8.self) } }
    }

    @Test(
        arguments: [
            ("{}", []), ("{{},{}}", []), ("{1}", ["1"]), (" { 1 , -2,NULL } ", ["1", "-2", nil]),
            ("{{1,2},{3,4}}", ["1", "2", "3", "4"]),
            (#"{"a b","c\"d","",nUlL,"NULL"}"#, ["a b", "c\"d", "", nil, "NULL"]), ("{a b,c}", ["a b", "c"]),
        ] as [(String, [String?])])
    func asThePostgreSQLManualWritesThem(text: String, expected: [String?]) throws {
        #expect(try elements(text) == expected)
    }

    @Test(arguments: [
        "", "1", "{", "{1", "{1,}", "{,1}", "{1}}", "{1}2", #"{"a}"#, #"{"a"b}"#, "{a{b}", "{{{{{{{1}}}}}}}",
    ])
    func brokenOnesAreRefused(text: String) {
        #expect { try elements(text) } throws: { ($0 as? ShardKeyError)?.code == .malformed }
    }

    @Test(arguments: ["[0:1]={1,2}", #"{a\\b}"#])
    func whatTheServerAloneReadsIsUnsupported(text: String) {
        #expect { try elements(text) } throws: { ($0 as? ShardKeyError)?.code == .unsupported }
    }

    private func binary(_ numbers: [Int32], _ tail: [UInt8] = []) -> ParameterValue {
        let bytes = numbers.flatMap { number in withUnsafeBytes(of: number.bigEndian, Array.init) }
        return ParameterValue(format: .binary, typeOID: 0, bytes: bytes + tail)
    }

    @Test func binaryArraysNameTheirElementsType() throws {
        let read = try ArrayElements.read(binary([1, 1, 23, 3, 1, 4, 7, -1, 4, -8]))
        #expect(read.map(\.typeOID) == [23, 23, 23])
        #expect(read.map(\.bytes) == [[0, 0, 0, 7], nil, [255, 255, 255, 248]])
        #expect(try ArrayElements.read(binary([0, 0, 20])).isEmpty)
        #expect(try ArrayElements.read(ParameterValue(format: .binary, typeOID: 1007, bytes: nil)).isEmpty)
    }

    @Test(
        arguments: [
            [], [1], [1, 0, 23], [7, 0, 23], [-1, 0, 23], [1, 0, 23, 1, 1], [1, 0, 23, 1, 1, 5, 1], [1, 0, 23, -1, 1],
            [1, 0, 23, 1, 1, -2], [1, 0, 23, .max, 1], [2, 0, 23, .max, 1, .max, 1], [1, 0, 23, 1, 1, 4, 7, 9],
        ] as [[Int32]])
    func brokenBinaryArraysAreRefused(numbers: [Int32]) {
        #expect(throws: ShardKeyError.self) { try ArrayElements.read(binary(numbers)) }
    }

    @Test func otherTypesAreRefused() {
        for type: UInt32 in [1231, 20, 1022] {
            #expect(throws: ShardKeyError.self) { try ArrayElements.read(text("{1}", type)) }
        }
    }

    @Test func allElementsMustLieInOneSegment() throws {
        let table = try QueryRoutingTable.example()
        let bySegment = Dictionary(grouping: (1...200).map { Int64($0) }) {
            table.segment(of: "shop", at: PostgresHash.int8($0)).id
        }
        let sql = "SELECT * FROM orders WHERE customer_id = ANY ($1)"
        for (segment, keys) in bySegment {
            let list = keys.map(String.init).joined(separator: ",")
            #expect(try table.route(sql, text("{NULL,\(list),99999999999999999999}")).segment == segment)
        }
        let write = "DELETE FROM orders WHERE customer_id = ANY ($1)"
        #expect(try table.route(write, text("{1,2,3,4,5,6,7,8}")).refusal?.construct == "several segments")
        #expect(try table.route(sql, text("{}")).isAnywhere)
        #expect(try table.route(sql, .text(nil)).isAnywhere)
        #expect(try table.route(sql, text("{x}")).refusal?.sqlState == "22P02")
        #expect(try table.route(sql, text("{1.5}", 1231)).refusal?.sqlState == "0A000")
        #expect(try table.route(sql).refusal?.sqlState == "08P01")
        #expect(try table.route("SELECT * FROM orders WHERE customer_id = ANY (ARRAY[7])").segment != nil)
    }
}

/// A real server says what an array holds.
@Suite struct LiveArrayElementsTests {
    @Test func theServerReadsThemAlike() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let pieces = ["{", "}", ",", "\"", "\\", " ", "a", "NULL", "1", "\t", "[", "]", "=", "{a,b}", "{\"x y\"}", "é"]
        try await withServer { endpoint in
            let connection = try await PostgresConnection.connect(to: endpoint)
            var (read, refused) = (0, 0)
            for _ in 0..<2000 {
                let inner = (0..<Int.random(in: 0...7, using: &generator)).map { _ in
                    pieces.randomElement(using: &generator) ?? ""
                }
                let text = Bool.random(using: &generator) ? "{\(inner.joined())}" : inner.joined()
                let parameter = ParameterValue(format: .text, typeOID: 1009, bytes: Array(text.utf8))
                let server = try? await connection.execute("SELECT unnest($1::text[])", [text]).rows.map { $0[0] }
                do {
                    let own = try ArrayElements.read(parameter).map { element in
                        element.bytes.map { String(decoding: $0, as: UTF8.self) }
                    }
                    // A ragged array holds what it holds for us; the server refuses it by itself.
                    if let server { #expect(own == server, "seed \(seed): \(text)") }
                    read += server == nil ? 0 : 1
                } catch let error as ShardKeyError where error.code == .malformed {
                    #expect(server == nil, "seed \(seed): \(text)")
                    refused += 1
                } catch is ShardKeyError {}
            }
            #expect(read > 100 && refused > 100, "seed \(seed): \(read) read, \(refused) refused")
            await connection.close()
        }
    }
}
