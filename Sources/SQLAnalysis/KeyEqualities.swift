import ClusterModel

// What is known about shard-key columns on every row that can matter: which are equal, and to which constants.
// Only key columns (and columns of subqueries that are provably one) take part: equality is transitive only within one
// type, and `key = other_column` may compare through a third one (9007199254740993 = 9007199254740992.0 is true).

/// A column of one table occurrence of the statement.
struct Column: Hashable {
    let relation: RelationID
    let name: String
}

/// The number of a table occurrence, unique in the statement.
typealias RelationID = Int

/// A key constant and where it stands in the text.
struct KeySource {
    let expression: KeyExpression
    /// Byte offset of the constant.
    let location: Int
    /// A minus sign stands apart from the constant, over a cast: `-5::bigint`.
    let hasOuterMinus: Bool

    /// Equal for sources that have the same value in every statement of the shape.
    var identity: KeyExpression {
        switch expression {
        case .literal: .literal("\(location)")
        case .parameter, .null: expression
        }
    }
}

/// One condition of a conjunction.
enum KeyCondition {
    case equal(Column, Column)
    /// The column equals one of these.
    case among(Column, [KeySource])
}

/// The classes of equal columns.
struct KeyEqualities {
    private struct EqualColumns {
        var columns: Set<Column>
        /// Each of the columns has one of these values.
        var keys: [KeySource]?
    }

    private var classes: [EqualColumns] = []

    mutating func insert(_ condition: KeyCondition) {
        switch condition {
        case .equal(let a, let b): join(EqualColumns(columns: [a, b], keys: nil))
        case .among(let column, let keys): join(EqualColumns(columns: [column], keys: keys))
        }
    }

    mutating func formUnion(_ other: KeyEqualities) {
        for columns in other.classes { join(columns) }
    }

    func union(_ other: KeyEqualities) -> KeyEqualities {
        var result = self
        result.formUnion(other)
        return result
    }

    func keys(of column: Column) -> [KeySource]? { classes.first { $0.columns.contains(column) }?.keys }

    func mentions(_ relations: Set<RelationID>) -> Bool {
        classes.contains { $0.columns.contains { relations.contains($0.relation) } }
    }

    private mutating func join(_ added: EqualColumns) {
        var result = added
        var apart: [EqualColumns] = []
        for present in classes {
            if present.columns.isDisjoint(with: result.columns) {
                apart.append(present)
            } else {
                result.columns.formUnion(present.columns)
                result.keys = Self.narrower(present.keys, result.keys)
            }
        }
        classes = apart + [result]
    }

    /// Both hold, so either may be used: the shorter one is likelier to fall in one segment.
    private static func narrower(_ a: [KeySource]?, _ b: [KeySource]?) -> [KeySource]? {
        guard let a, let b else { return a ?? b }
        return b.count < a.count ? b : a
    }
}
