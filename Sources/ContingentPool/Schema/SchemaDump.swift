// The output of `pg_dump --schema-only` as a list of entries, so that what belongs to a move in progress can be left out
// and an error can say which object it is about. pg_dump heads each entry with a comment that we go by:
//
//     --
//     -- Name: orders; Type: TABLE; Schema: public; Owner: shop
//     --

/// The definition of one object, and the settings that come before the next.
package struct SchemaEntry: Hashable, Sendable {
    /// `TABLE`, `FUNCTION`, `FK CONSTRAINT`, ...; empty for what comes before the first object.
    package let type: String
    package let name: String
    package let sql: String
}

/// A schema as text that can be applied to an empty database.
package struct SchemaDump: Hashable, Sendable {
    /// The schema in which moves keep their own objects on an instance.
    package static let ownSchema = "foreshard"

    package let entries: [SchemaEntry]

    package static let empty = SchemaDump(text: "")

    /// Any SQL will do; text without pg_dump's headings is one entry.
    package init(text: String) {
        var entries: [SchemaEntry] = []
        var heading: (type: String, name: String) = ("", "")
        var lines: [Substring] = []
        func finish() {
            let sql = lines.joined(separator: "\n")
            if lines.contains(where: { !$0.isEmpty && !$0.hasPrefix("--") }) {
                entries.append(SchemaEntry(type: heading.type, name: heading.name, sql: sql))
            }
            lines = []
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) where !Self.isMetaCommand(line) {
            if let next = Self.heading(line) {
                finish()
                heading = next
            }
            lines.append(line)
        }
        finish()
        self.entries = entries.filter { !Self.belongsToMove($0) }
    }

    /// `\restrict` and `\unrestrict`, which newer minor versions of pg_dump print for psql only.
    private static func isMetaCommand(_ line: Substring) -> Bool {
        line.hasPrefix("\\restrict ") || line.hasPrefix("\\unrestrict ")
    }

    /// Most lines are none: to match each with the expression takes longer than pg_dump.
    private static func heading(_ line: Substring) -> (type: String, name: String)? {
        guard line.hasPrefix("-- Name: "),
            let match = line.wholeMatch(of: /-- Name: (.*); Type: ([A-Z ]+); Schema: .*; Owner: .*/)
        else { return nil }
        return (type: String(match.2), name: String(match.1))
    }

    /// Guards stand on tables of the application while a move is in progress; their function does not exist elsewhere.
    private static func belongsToMove(_ entry: SchemaEntry) -> Bool {
        entry.type == "TRIGGER" && entry.sql.contains("EXECUTE FUNCTION \(ownSchema).")
    }
}
