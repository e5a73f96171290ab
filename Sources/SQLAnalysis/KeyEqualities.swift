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
        case .parameter, .elements, .null: expression
        }
    }
}

/// One condition of a conjunction.
enum KeyCondition {
    case equal(Column, Column)
    /// The column equals one of these.
    case among(Column, [KeySource])
}

/// The classes of equal columns. Invariant: `places` has the class of every column that is in one.
struct KeyEqualities {
    private struct EqualColumns {
        var columns: [Column]
        /// Each of the columns has one of these values.
        var keys: [KeySource]?
    }

    /// Without columns where a class was merged into another.
    private var classes: [EqualColumns] = []
    private var places: [Column: Int] = [:]

    mutating func insert(_ condition: KeyCondition) {
        switch condition {
        case .equal(let a, let b): merge(place(of: a), place(of: b))
        case .among(let column, let keys): narrow(place(of: column), to: keys)
        }
    }

    mutating func formUnion(_ other: KeyEqualities) {
        for added in other.classes {
            guard let first = added.columns.first else { continue }
            for column in added.columns { merge(place(of: first), place(of: column)) }
            narrow(place(of: first), to: added.keys)
        }
    }

    func union(_ other: KeyEqualities) -> KeyEqualities {
        var result = self
        result.formUnion(other)
        return result
    }

    func keys(of column: Column) -> [KeySource]? { places[column].flatMap { classes[$0].keys } }

    func mentions(_ relations: Set<RelationID>) -> Bool {
        places.keys.contains { relations.contains($0.relation) }
    }

    /// The class of a column, made where there is none yet.
    private mutating func place(of column: Column) -> Int {
        if let place = places[column] { return place }
        places[column] = classes.count
        classes.append(EqualColumns(columns: [column], keys: nil))
        return classes.count - 1
    }

    /// The smaller class goes into the larger one.
    private mutating func merge(_ a: Int, _ b: Int) {
        guard a != b else { return }
        let (kept, given) = classes[a].columns.count < classes[b].columns.count ? (b, a) : (a, b)
        let moved = classes[given]
        for column in moved.columns { places[column] = kept }
        classes[given] = EqualColumns(columns: [], keys: nil)
        classes[kept].columns += moved.columns
        narrow(kept, to: moved.keys)
    }

    /// Both hold, so either may be used: the shorter one is likelier to fall in one segment.
    private mutating func narrow(_ place: Int, to keys: [KeySource]?) {
        guard let keys else { return }
        guard let present = classes[place].keys, present.count <= keys.count else {
            classes[place].keys = keys
            return
        }
    }
}
