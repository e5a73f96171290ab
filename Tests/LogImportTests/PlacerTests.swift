// What the importer takes a statement for, through all of its caches, is what the router's full analysis of that very
// text says.
import ClusterModel
import Routing
import SQLAnalysis
import Testing

@testable import LogImport

@Suite struct PlacerTests {
    private static let templates = [
        "SELECT v FROM shop WHERE id = ?", "select v from public.shop s where s.id=? and v > ? limit ?",
        "SELECT v FROM shop WHERE id = -?", "SELECT v FROM shop WHERE id IN (?, ?)", "SELECT v FROM shop WHERE v = ?",
        "INSERT INTO shop (id, v) VALUES (?, ?)", "INSERT INTO shop (id, v) VALUES (?, ?), (?, ?)",
        "UPDATE shop SET v = ? WHERE id = ? AND v <> ?", "DELETE FROM shop WHERE id = ?::bigint",
        "SELECT * FROM documents WHERE owner = ?", "SELECT * FROM documents d WHERE d.owner = ? /* ? */ -- ?",
        "SELECT * FROM shop WHERE id = $1 AND v = ?", "SELECT * FROM documents WHERE owner = $2", "SELECT ?",
        "BEGIN; UPDATE shop SET v = ? WHERE id = ?; COMMIT",
        "SELECT v FROM shop WHERE id = ?; SELECT v FROM shop WHERE id = ?",
        "SELECT * FROM elsewhere WHERE id = ?", "SELEC ?", "",
    ]
    private static let literals = [
        "1", "42", "'42'", "'it''s'", "-3", "99999999999", "'x'", "NULL", "$$q$$", "E'a\\'b'", "1.5", "'ü'", "$1",
        "'a' 'b'",
        "'two'\n'parts'", "2147483648", "007",
    ]
    private static let parameterLists = [
        "", "parameters: $1 = '7', $2 = 'ann'", "parameters: $1 = NULL, $2 = NULL",
        "Parameters: $1 = '-12', $2 = 'it''s'",
        "parameters: $1 = 'seven'", "parameters: $1 = '7", "parameters: $1 = '7...', $2 = 'ann...'",
    ]

    @Test func cachesNeverChangeTheAnswer() throws {
        let table = try QueryRoutingTable.example()
        var cached = StatementPlacer(table: table)
        var random = SeededGenerator(seed: 12)
        for _ in 0..<3000 {
            var sql = ""
            for character in Self.templates.randomElement(using: &random) ?? "" {
                let usual = Int.random(in: 0..<3, using: &random) > 0
                sql +=
                    character == "?"
                    ? (usual
                        ? "\(Int.random(in: 0...99_999, using: &random))"
                        : Self.literals.randomElement(using: &random) ?? "0")
                    : String(character)
            }
            let list = Self.parameterLists.randomElement(using: &random) ?? ""
            var fresh = StatementPlacer(table: table, cacheBytesMax: 0)
            let expected = Self.place(sql, list, &fresh)
            let found = Self.place(sql, list, &cached)
            #expect(found == expected, "\(sql) with \(list)")
        }
    }

    @Test(arguments: [
        ("SELECT v FROM shop WHERE id = 7", "", 1), ("SELECT v FROM shop WHERE id = $1", "parameters: $1 = '7'", 1),
        ("BEGIN; UPDATE shop SET v = 'a' WHERE id = 7; COMMIT", "", 3),
    ])
    func oneKeyIsItsSegment(sql: String, parameters: String, statements: Int) throws {
        let table = try QueryRoutingTable.example()
        var placer = StatementPlacer(table: table)
        let (target, count) = Self.place(sql, parameters, &placer)
        let segment = try #require(placer.number(of: table.shop(7)))
        #expect(target == .segment(segment) && count == statements)
    }

    @Test func otherStatementsSayWhyTheyAreNone() throws {
        var placer = StatementPlacer(table: try .example())
        #expect(Self.place("SELECT now()", "", &placer).0 == .unsharded)
        #expect(Self.place("SELECT count(*) FROM shop", "", &placer).0 == .several([0, 1, 2, 3]))
        #expect(Self.place("SELECT * FROM shop FOR UPDATE", "", &placer).0 == .leftOut("no shard key"))
        #expect(
            Self.place("SELECT v FROM shop WHERE id = $1", "", &placer).0
                == .leftOut("a shard key in a parameter that the log does not tell"))
        guard case .several(let numbers) = Self.place("SELECT v FROM shop WHERE id IN (1,2,3,4,5,6,7,8)", "", &placer).0
        else {
            Issue.record("eight keys lie in several of four segments")
            return
        }
        #expect(Set(numbers).count == numbers.count && numbers.count > 1)
    }

    private static func place(_ sql: String, _ parameters: String, _ placer: inout StatementPlacer) -> (
        UsageTarget, Int
    ) {
        Array(sql.utf8).withUnsafeBytes { sql in
            Array(parameters.utf8).withUnsafeBytes { parameters in
                let placed = placer.place(sql, parameters: parameters)
                return (placed.target, placed.statements)
            }
        }
    }
}
