import ClusterModel

// How a SELECT is answered from several segments, as text: each owner runs the part, on the rows of its segments only;
// and where rows must be sorted, counted off or joined into groups, one instance does that with a statement of its own.
// PostgreSQL does all computing, so that types, collations and numbers are its own.

/// A plan for one text. Immutable and shared: statements of that text hold a reference.
package final class ScatterPlan: Sendable, Equatable {
    /// What becomes of the parts' rows.
    package enum Merge: Sendable, Equatable {
        /// They are the answer, in any order.
        case none
        /// The part's last columns are for sorting; the merging statement says which rows are the answer, in which order.
        case order(MergeQuery)
        /// All of the part's columns are for the merging statement, whose rows are the answer.
        case aggregate(MergeQuery)

        package var query: MergeQuery? {
            switch self {
            case .none: nil
            case .order(let query), .aggregate(let query): query
            }
        }
    }

    package let group: GroupID
    /// The position of a result row on the ring, as SQL.
    package let position: String
    /// With `foreshard_filter` as one of its conditions.
    package let part: String
    package let merge: Merge
    package let inquiry: Inquiry

    init(group: GroupID, position: String, part: String, merge: Merge, inquiry: Inquiry) {
        self.group = group
        self.position = position
        self.part = part
        self.merge = merge
        self.inquiry = inquiry
    }

    package static func == (a: ScatterPlan, b: ScatterPlan) -> Bool {
        a === b
            || (a.group, a.position, a.part) == (b.group, b.position, b.part) && a.merge == b.merge
                && a.inquiry == b.inquiry
    }

    /// The part of an instance that owns these arcs.
    package func part(of arcs: [HashArc]) -> String {
        part.replacing(ReservedNames.filter, with: Self.condition(position, arcs))
    }

    /// The part whatever the rows are: to learn the types of its columns.
    package var anyPart: String { part.replacing(ReservedNames.filter, with: "true") }

    /// The merging statement: for each of the part's merged columns it takes an array parameter, from
    /// `$firstParameter`.
    package func mergeSQL(columnTypes: [UInt32], firstParameter: Int) throws(Refusal) -> String? {
        guard let query = merge.query else { return nil }
        return try query.sql(over: anyPart, columnTypes, firstParameter)
    }

    /// About how much memory it takes.
    var bytes: Int { 256 + part.utf8.count + position.utf8.count + (merge.query?.bytes ?? 0) + inquiry.bytes }

    /// Neighbours are one range. The bounds are quoted because `-9223372036854775808` without is a numeric.
    static func condition(_ position: String, _ arcs: [HashArc]) -> String {
        var ranges: [HashArc] = []
        for arc in arcs.sorted(by: { $0.lower < $1.lower }) {
            if let last = ranges.last, last.upper < .max, last.upper + 1 == arc.lower,
                let both = HashArc(lower: last.lower, upper: arc.upper)
            {
                ranges[ranges.count - 1] = both
            } else {
                ranges.append(arc)
            }
        }
        let conditions = ranges.map { "\(position) BETWEEN '\($0.lower)'::bigint AND '\($0.upper)'::bigint" }
        return "(\(conditions.joined(separator: " OR ")))"
    }
}

/// Names in the router's own SQL; a statement with such a name in its text is refused.
enum ReservedNames {
    static let prefix = "foreshard_"
    static let filter = "foreshard_filter"
    static let source = "foreshard_source"
    static let row = "foreshard_row"

    static func column(_ index: Int) -> String { "foreshard_\(index + 1)" }
    /// Stands for the type of a part's column.
    static func type(_ index: Int) -> String { "foreshard_type_\(index + 1)_" }
}

/// What one instance makes of the parts' merged columns.
package struct MergeQuery: Sendable, Equatable {
    /// The part's last columns.
    package let columnCount: Int
    /// A SELECT FROM `foreshard_source`.
    package let text: String
    /// The columns that are sums of averages: those of `real` have lost what the average has not.
    var averaged: Set<Int> = []

    var bytes: Int { 64 + text.utf8.count }

    /// The source has the columns of the part itself, without a row of it, and then the arrays: so its columns have the
    /// part's own types and collations.
    func sql(over part: String, _ types: [UInt32], _ firstParameter: Int) throws(Refusal) -> String {
        var text = text
        for (index, oid) in types.enumerated() {
            guard let type = MergeableType(oid: oid) else { throw .unmergeableType(oid) }
            guard oid != MergeableType.realOID || !averaged.contains(index) else {
                throw .notMerged("avg of a value of type real")
            }
            text = text.replacing(ReservedNames.type(index), with: type.name)
        }
        let names = types.indices.map { ReservedNames.column($0) }
        let all = (names + [ReservedNames.row]).joined(separator: ", ")
        let part = "SELECT \((names + ["0::bigint"]).joined(separator: ", ")) FROM (\(part)) foreshard_part LIMIT 0"
        let arrays = types.indices.map { "pg_catalog.unnest($\(firstParameter + $0))" }.joined(separator: ", ")
        let rows =
            types.isEmpty
            ? "SELECT n FROM pg_catalog.generate_series(1::bigint, $\(firstParameter)::bigint) n"
            : "SELECT * FROM ROWS FROM (\(arrays)) WITH ORDINALITY"
        return "WITH \(ReservedNames.source) (\(all)) AS ((\(part)) UNION ALL (\(rows))) \(text)"
    }
}

/// What must be asked of an instance before the plan may be used, because only its catalog knows.
package struct Inquiry: Sendable, Equatable {
    /// Functions that must not be aggregates.
    var functions: Set<String> = []
    /// Functions that are called twice for one row, and must give the same twice.
    var repeatedFunctions: Set<String> = []
    /// Names that must not be columns of the tables.
    var names: Set<String> = []
    var tables: Set<TableName> = []

    package var isEmpty: Bool { functions.isEmpty && repeatedFunctions.isEmpty && names.isEmpty }
    var bytes: Int { 64 * (functions.count + repeatedFunctions.count + names.count + tables.count) }

    /// Its rows are what stands in the way: a letter of the kind and a name. Nil when there is nothing to ask.
    package var sql: String? {
        var parts: [String] = []
        if !functions.isEmpty {
            parts.append(
                "SELECT 'a', p.proname::text FROM pg_catalog.pg_proc p WHERE p.prokind IN ('a', 'w') AND p.proname IN "
                    + Self.list(functions))
        }
        if !repeatedFunctions.isEmpty {
            parts.append(
                "SELECT 'v', p.proname::text FROM pg_catalog.pg_proc p WHERE p.provolatile = 'v' AND p.proname IN "
                    + Self.list(repeatedFunctions))
        }
        if !names.isEmpty {
            parts.append(
                "SELECT 'c', a.attname::text FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = "
                    + "a.attrelid JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace WHERE NOT a.attisdropped AND "
                    + "(s.nspname, c.relname) IN (\(tables.sorted().map { "(\(Self.literal($0.schema)), \(Self.literal($0.name)))" }.joined(separator: ", "))) "
                    + "AND a.attname IN " + Self.list(names))
        }
        return parts.isEmpty ? nil : parts.joined(separator: " UNION ")
    }

    /// Why the plan may not be used.
    package static func refusal(kind: String, name: String) -> Refusal {
        switch kind {
        case "a": .notMerged("the aggregate or window function \(name)")
        case "v": .notMerged("the volatile function \(name) in ORDER BY or DISTINCT")
        default: .notMerged("GROUP BY \(name), which is a column as well as an output column,")
        }
    }

    private static func list(_ names: Set<String>) -> String {
        "(\(names.sorted().map(literal).joined(separator: ", ")))"
    }

    private static func literal(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}

extension Refusal {
    /// This reason why one segment is not enough, and why several are not either.
    package func and(_ other: Refusal) -> Refusal {
        Refusal(
            construct: construct, message: "\(message), and \(other.message)", hint: hint, sqlState: sqlState)
    }

    static func notMerged(_ construct: String) -> Refusal {
        Refusal(
            construct: "several segments: \(construct)",
            message: "\(construct) cannot be computed exactly over several segments",
            hint: "Restrict the statement to one shard key, or compute this part in the application."
        )
    }

    static func unmergeableType(_ oid: UInt32) -> Refusal {
        Refusal(
            construct: "several segments: type \(oid)",
            message: "values of the type with OID \(oid) cannot be sorted, grouped or aggregated over several segments",
            hint: "Cast the expression to a built-in type such as text, or restrict the statement to one shard key."
        )
    }
}
