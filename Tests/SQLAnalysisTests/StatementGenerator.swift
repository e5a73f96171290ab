/// Statements of many shapes with literals of every form, valid and not.
import ClusterModel

struct StatementGenerator {
    var random: SeededGenerator

    private static let templates = [
        "SELECT * FROM orders WHERE customer_id = ?",
        "select total from orders o where o.customer_id=? and total>? limit ?",
        "SELECT * FROM orders WHERE customer_id = -? AND total < -?",
        "SELECT * FROM orders WHERE customer_id = - ?::bigint",
        "SELECT * FROM orders WHERE customer_id = -(?)",
        "SELECT * FROM orders WHERE customer_id = - -?",
        "SELECT * FROM orders WHERE customer_id = - ( -? )::int8",
        "SELECT * FROM orders WHERE customer_id = -/* - */?",
        "SELECT * FROM orders WHERE customer_id=-?::int AND id=?--?",
        "SELECT * FROM orders WHERE customer_id IN (?, -?, $1, ?)",
        "SELECT * FROM orders WHERE customer_id = ?::int8 AND note = ?",
        "SELECT * FROM orders WHERE customer_id = CAST(? AS bigint) OR id = ?",
        "INSERT INTO orders (id, customer_id, total) VALUES (?, ?, ?), (?, -?, ?) RETURNING ?",
        "INSERT INTO documents (owner, body) VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET body = ?",
        "UPDATE documents SET body = ?, n = n + ? WHERE owner = ? AND created > now() - interval ?",
        "DELETE FROM documents WHERE owner = ?\n AND body <> ?",
        "SELECT * FROM documents WHERE owner = ? /* ? /* nested */ */ AND \"o?\" = ?",
        "SELECT * FROM documents WHERE ? = owner::text AND owner = ?::varchar",
        "SELECT owner, ?::numeric(10,2), ARRAY[?, ?], a[?] FROM documents WHERE owner = ? ORDER BY 1 OFFSET ?",
        "WITH d AS (SELECT ? AS x FROM documents WHERE owner = ?) SELECT * FROM d, documents e WHERE e.owner = ?",
        "SELECT * FROM app.sessions WHERE session_id = ?::uuid AND n BETWEEN ? AND ?",
        "SELECT * FROM orders WHERE customer_id = ? UNION ALL SELECT * FROM orders WHERE customer_id = -?",
        "BEGIN; UPDATE orders SET total = ? WHERE customer_id = ?; COMMIT",
        "SET search_path TO ?", "SET statement_timeout = ?", "SELECT set_config(?, ?, true)", "SELECT ?, pg_sleep(?)",
        "SELECT timestamp(?) ?, float(?) ? FROM orders WHERE customer_id = ?", "FETCH ? FROM c",
        "SELECT * FROM documents WHERE owner = ? ? AND body = ?", "SELECT * FROM documents WHERE owner = ?\n?",
    ]

    private static let literals = [
        "0", "1", "5", "007", "42", "2147483647", "2147483648", "0000000000005", "99999999999", "9223372036854775808",
        "123456789012345678901234567890", "1.5", ".5", "5.", "1e3", "1E-2", "1e", "12ab", "1..2", "0x1F", "1_000",
        "'5'", "'-5'", "' 7 '", "'it''s'", "''", "''''", "'two' 'parts'", "'two'\n 'parts'", "'two' -- x\n'parts'",
        "E'plain'", "E'a\\nb'", "e'it\\'s'", "E'it''s'", "B'101'", "X'1F'", "N'n'", "U&'d\\0061t'", "$$a'b$$",
        "$t$a$$b$t$",
        "'public'", "'search_path'", "'app.x'", "'1 day'", "'ümläut'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
        "true", "NULL", "$1", "$2", "'\u{1}'", "\u{1}", "'open", "$x$open", "\"q\"", "-3", "(3)", "?",
    ]

    /// One statement; often of a shape that came before.
    mutating func statement() -> String {
        let template = Self.templates[Int.random(in: 0..<Self.templates.count, using: &random)]
        var result = ""
        for character in template { result += character == "?" ? literal() : String(character) }
        return result
    }

    mutating func literal() -> String {
        // Mostly ordinary ones, so that most statements are valid.
        if Int.random(in: 0..<4, using: &random) > 0 {
            return Bool.random(using: &random)
                ? "\(Int.random(in: 0...3_000_000_000, using: &random))"
                : "'k\(Int.random(in: 0...99, using: &random))'"
        }
        return Self.literals[Int.random(in: 0..<Self.literals.count, using: &random)]
    }

    /// A statement with some bytes changed, left out, doubled or cut off.
    mutating func mutatedStatement() -> String {
        var bytes = Array(statement().utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(contentsOf: bytes[place...].prefix(10), at: place)
            case 3: bytes.insert(UInt8.random(in: 1...127, using: &random), at: place)
            default: bytes.removeSubrange(place...)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    mutating func randomText() -> String {
        let bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
