/// The answer to one statement. Values are PostgreSQL's text form; nil is NULL.
package struct QueryResult: Hashable, Sendable {
    package var columns: [String] = []
    package var rows: [[String?]] = []
    /// `SELECT 3`, `INSERT 0 1`, `CREATE TABLE`; empty for an empty statement.
    package var commandTag = ""

    package init() {}

    /// The first value of the first row; nil when there is none or it is NULL.
    package func scalar() -> String? { rows.first?.first ?? nil }

    /// The rows that the command touched, as its tag says.
    package var affectedRows: Int { commandTag.split(separator: " ").last.flatMap { Int($0) } ?? 0 }

    /// The values of the named column.
    package func column(_ name: String) -> [String?] {
        guard let index = columns.firstIndex(of: name) else { return [] }
        return rows.map { $0[index] }
    }
}
