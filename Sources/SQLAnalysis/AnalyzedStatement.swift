import ClusterModel

/// What a statement is to a router: which of its session's states it changes, and whether it touches tables.
package enum StatementKind: Sendable, Equatable {
    case select, insert, update, delete, explain, copy
    case begin, commit, rollback
    /// SAVEPOINT, RELEASE and ROLLBACK TO: they stay inside the transaction.
    case savepoint
    /// `SET name`; the name is in lower case. `SET TRANSACTION …` is `transaction`, and local.
    case set(name: String, isLocal: Bool)
    /// `RESET name`, or RESET ALL when nil.
    case reset(name: String?)
    case show(name: String)
    /// `DEALLOCATE name`, or ALL when nil.
    case deallocate(name: String?)
    /// `DISCARD ALL`, `PLANS`, `SEQUENCES` or `TEMP`.
    case discard(String)
    /// Anything else, by its command: `CREATE TABLE`, `LISTEN`.
    case utility(String)
    /// A query string without a statement.
    case empty
}

/// Where a shard key comes from.
package enum KeyExpression: Sendable, Hashable {
    /// A literal, as PostgreSQL's input function of the key's type would be given it.
    case literal(String)
    /// `$1` is 1.
    case parameter(Int)
    /// Each element of the array that this parameter is.
    case elements(ofParameter: Int)
    /// A literal NULL: equal to no key.
    case null

    /// The parameter that has to be known to find the key.
    package var parameterNumber: Int? {
        switch self {
        case .parameter(let number), .elements(ofParameter: let number): number
        case .literal, .null: nil
        }
    }
}

/// Where a statement must go.
package enum StatementTarget: Sendable, Equatable {
    /// Touches no table but the catalogs.
    case anywhere
    /// Touches tables of no group only; the instance has all of them.
    case unsharded(on: InstanceID)
    /// Touches only rows of this group with these keys; exact where all the keys fall in one segment.
    case keyed(GroupID, [KeyExpression])
    /// Reads rows of all segments of a group, and the answer follows from what each owner answers.
    case scattered(ScatterPlan)
    /// Indirect to keep the others small: they are copied for every statement.
    indirect case refused(Refusal)
}

/// One statement, analysed. What all statements of a shape have in common is shared, so that copies are cheap.
package struct AnalyzedStatement: Sendable, Equatable {
    private final class Traits: Sendable, Equatable {
        let kind: StatementKind
        let isWrite: Bool
        let insertsRows: Bool
        let tables: [TableName]
        let parameterCount: Int
        let looselyTypedParameters: [Int]

        init(
            kind: StatementKind,
            isWrite: Bool,
            insertsRows: Bool,
            tables: [TableName],
            parameterCount: Int,
            looselyTypedParameters: [Int]
        ) {
            self.kind = kind
            self.isWrite = isWrite
            self.insertsRows = insertsRows
            self.tables = tables
            self.parameterCount = parameterCount
            self.looselyTypedParameters = looselyTypedParameters
        }

        static func == (a: Traits, b: Traits) -> Bool {
            a === b
                || (a.kind, a.isWrite, a.insertsRows, a.parameterCount)
                    == (b.kind, b.isWrite, b.insertsRows, b.parameterCount) && a.tables == b.tables
                    && a.looselyTypedParameters == b.looselyTypedParameters
        }
    }

    package let target: StatementTarget
    private let traits: Traits

    package var kind: StatementKind { traits.kind }
    /// Changes or locks rows. Functions are not looked into.
    package var isWrite: Bool { traits.isWrite }
    /// Adds rows whose keys are among the target's: a key that is null then belongs to no segment.
    package var insertsRows: Bool { traits.insertsRows }
    /// The tables named, without those that a WITH clause defines; sorted, each once.
    package var tables: [TableName] { traits.tables }
    /// The highest `$n`.
    package var parameterCount: Int { traits.parameterCount }
    /// The parameters that are keys and also stand where PostgreSQL may have taken another type for them from:
    /// `WHERE ratio = $1 AND id = $1` makes `$1` a float unless its type is declared.
    package var looselyTypedParameters: [Int] { traits.looselyTypedParameters }

    package init(
        kind: StatementKind,
        target: StatementTarget,
        isWrite: Bool,
        insertsRows: Bool,
        tables: [TableName],
        parameterCount: Int,
        looselyTypedParameters: [Int] = []
    ) {
        let traits = Traits(
            kind: kind,
            isWrite: isWrite,
            insertsRows: insertsRows,
            tables: tables,
            parameterCount: parameterCount,
            looselyTypedParameters: looselyTypedParameters
        )
        self.init(target, traits)
    }

    private init(_ target: StatementTarget, _ traits: Traits) {
        self.target = target
        self.traits = traits
    }

    func withTarget(_ target: StatementTarget) -> AnalyzedStatement { AnalyzedStatement(target, traits) }
}

/// The statements of one query string, in order; one of kind `empty` when there is none.
package struct AnalyzedQuery: Sendable, Equatable {
    package let statements: [AnalyzedStatement]

    package init(statements: [AnalyzedStatement]) { self.statements = statements }
}

/// A query string that PostgreSQL's grammar, or a limit of the router, rejects.
package struct SQLSyntaxError: Error, Sendable, Equatable {
    package let message: String
    /// In characters from 1, as PostgreSQL reports it; nil where it reports none.
    package let cursorPosition: Int?
    package let sqlState: String

    package init(message: String, cursorPosition: Int?, sqlState: String = "42601") {
        self.message = message
        self.cursorPosition = cursorPosition
        self.sqlState = sqlState
    }
}
