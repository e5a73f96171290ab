import CPgQuery
import ClusterModel

// Analysis, and the two caches in front of it. A text without literals is looked up as it is. A text with literals is
// looked up by its shape, and its keys are read out of it; so it is parsed once for each shape. A text whose reading
// the lexer leaves to the parser is parsed each time.

/// What a query string may be at most.
package struct StatementLimits: Sendable {
    /// Longer strings are refused unread.
    package var statementBytesMax = 1 << 20
    /// In expressions within expressions. libpg_query needs up to 4 kB of stack for each.
    package var nestingMax = 500
    /// Tables, subqueries and functions in FROM, and queries in WITH, of one statement.
    package var relationsMax = 200
    /// Longer statements are not answered from several segments: planning them would take long.
    package var scatterBytesMax = 128 << 10
    /// Longer INSERTs are not shared out over several segments.
    package var sharedInsertBytesMax = 512 << 10
    /// Comments without anything but operators between them.
    package var adjacentCommentsMax = 100

    package init() {}
}

/// How the caches of an analyzer did so far.
package struct AnalyzerCounters: Sendable, Equatable {
    package var hits = 0
    package var misses = 0
    package var evictions = 0
    /// Strings that can never be cached, or only as they are; they are among the misses.
    package var notPlain = 0
    package var rejected = 0
    package var entries = 0
    package var bytes = 0
}

/// Analyses query strings against one schema. A value for one thread; its caches take at most the bytes it is given.
package struct StatementAnalyzer {
    private let classifier: StatementClassifier
    private let planner: ScatterPlanner
    private let generalizesPlans: Bool
    private let limits: StatementLimits
    private let hasher = TextHasher()
    private var texts: BoundedCache<AnalyzedQuery>
    private var shapes: BoundedCache<ShapeTemplate>
    private var scanner = ShapeScanner()
    private var counts = AnalyzerCounters()

    /// - Parameter generalizesPlans: plans of scattered statements are looked at for their group only, so that one with other
    ///   literals will do for all statements of its shape.
    package init(
        schema: ShardedSchema, cacheBytesMax: Int, limits: StatementLimits = StatementLimits(),
        generalizesPlans: Bool = false
    ) {
        self.generalizesPlans = generalizesPlans
        classifier = StatementClassifier(schema: schema, relationsMax: limits.relationsMax)
        planner = ScatterPlanner(schema: schema, relationsMax: limits.relationsMax, bytesMax: limits.scatterBytesMax)
        self.limits = limits
        texts = BoundedCache(bytesMax: cacheBytesMax / 2)
        shapes = BoundedCache(bytesMax: cacheBytesMax / 2)
    }

    package var counters: AnalyzerCounters {
        var counters = counts
        counters.evictions = texts.evictions + shapes.evictions
        counters.entries = texts.count + shapes.count
        counters.bytes = texts.bytes + shapes.bytes
        return counters
    }

    package mutating func analyze(_ sql: String) throws(SQLSyntaxError) -> AnalyzedQuery {
        var sql = sql
        let bytes = sql.utf8.count
        guard bytes <= limits.statementBytesMax else {
            counts.rejected += 1
            throw .tooLong(bytes, limits.statementBytesMax)
        }
        // The typed error does not pass through withUTF8.
        let result = sql.withUTF8 { text in cachedOrParsed(text) }
        return try result.get()
    }

    /// Analyses a query string where it lies; bytes that are no UTF-8 are read as if they were replaced.
    package mutating func analyze(_ sql: UnsafeRawBufferPointer) throws(SQLSyntaxError) -> AnalyzedQuery {
        guard sql.count <= limits.statementBytesMax else {
            counts.rejected += 1
            throw .tooLong(sql.count, limits.statementBytesMax)
        }
        return try cachedOrParsed(sql.bindMemory(to: UInt8.self)).get()
    }

    private mutating func cachedOrParsed(_ text: UnsafeBufferPointer<UInt8>) -> Result<AnalyzedQuery, SQLSyntaxError> {
        guard !has_nul(text.baseAddress, text.count) else {
            counts.rejected += 1
            return .failure(.containsNUL)
        }
        let hash = hasher.hash(text)
        if let query = texts.value(for: text, hash: hash) {
            counts.hits += 1
            return .success(query)
        }
        let isPlain = scanner.scan(text)
        if isPlain, !scanner.literals.isEmpty, let template = cachedTemplate() {
            counts.hits += 1
            return .success(template.query(with: scanner.literals, from: text))
        }
        counts.misses += 1
        do throws(SQLSyntaxError) {
            let analyses = try parsed(text)
            let query = AnalyzedQuery(statements: analyses.map(\.statement))
            remember(query, analyses, isPlain, text, hash)
            return .success(query)
        } catch {
            counts.rejected += 1
            return .failure(error)
        }
    }

    /// The plan of a statement whose keys lie in several segments; it is made anew each time.
    package func scatterPlan(of sql: String) throws(Refusal) -> ScatterPlan { try planner.plan(sql) }

    /// The rows of an INSERT whose keys lie in several segments; read anew each time.
    package func insertRows(of sql: String) throws(Refusal) -> InsertRows {
        try InsertRows(
            sql, schema: planner.schema, relationsMax: limits.relationsMax, bytesMax: limits.sharedInsertBytesMax)
    }

    // MARK: Caches

    private mutating func cachedTemplate() -> ShapeTemplate? {
        let hasher = hasher
        return scanner.withShape { shape in shapes.value(for: shape, hash: hasher.hash(shape)) }
    }

    private mutating func remember(
        _ query: AnalyzedQuery,
        _ analyses: [StatementAnalysis],
        _ isPlain: Bool,
        _ text: UnsafeBufferPointer<UInt8>,
        _ hash: UInt64
    ) {
        let readsLiterals = analyses.contains(where: \.readsLiterals)
        if isPlain, scanner.literals.isEmpty || readsLiterals {
            texts.insert(query, costing: query.bytes, for: text, hash: hash)
        } else if isPlain, let template = ShapeTemplate(analyses, scanner.literals, text) {
            let hasher = hasher
            scanner.withShape { shape in
                shapes.insert(template, costing: template.bytes, for: shape, hash: hasher.hash(shape))
            }
        } else {
            counts.notPlain += 1
        }
    }

    // MARK: Parsing

    private func parsed(_ text: UnsafeBufferPointer<UInt8>) throws(SQLSyntaxError) -> [StatementAnalysis] {
        guard NestingBound.depth(of: text) <= limits.nestingMax else { throw .tooDeep(limits.nestingMax) }
        guard CommentRuns.startsMax(in: text) <= limits.adjacentCommentsMax else {
            throw .tooManyComments(limits.adjacentCommentsMax)
        }
        let analyses = try ParseTree.withStatements(of: String(decoding: text, as: UTF8.self)) { statements in
            statements.compactMap { $0?.pointee.stmt }.map { classifier.analyze($0) }
        }
        guard analyses.count == 1 else { return analyses.isEmpty ? [.empty] : analyses }
        return [scattered(analyses[0], text)]
    }

    /// A read without keys may be one of all segments. Its plan is of this text only, with its literals.
    private func scattered(_ analysis: StatementAnalysis, _ text: UnsafeBufferPointer<UInt8>) -> StatementAnalysis {
        guard analysis.isUnbound, analysis.statement.kind == .select,
            case .refused(let reason) = analysis.statement.target
        else { return analysis }
        let target: StatementTarget
        do throws(Refusal) {
            target = .scattered(try planner.plan(String(decoding: text, as: UTF8.self)))
        } catch {
            target = .refused(reason.and(error))
        }
        return StatementAnalysis(
            statement: analysis.statement.withTarget(target), sources: [],
            readsLiterals: analysis.readsLiterals || !generalizesPlans)
    }
}

extension StatementAnalysis {
    fileprivate static let empty = StatementAnalysis(
        statement: AnalyzedStatement(
            kind: .empty,
            target: .anywhere,
            isWrite: false,
            insertsRows: false,
            tables: [],
            parameterCount: 0
        ),
        sources: [],
        readsLiterals: false
    )
}

extension SQLSyntaxError {
    fileprivate static func tooLong(_ bytes: Int, _ maximum: Int) -> SQLSyntaxError {
        SQLSyntaxError(
            message: "the query string has \(bytes) bytes; the router reads at most \(maximum)",
            cursorPosition: nil,
            sqlState: "54000"
        )
    }

    fileprivate static func tooDeep(_ maximum: Int) -> SQLSyntaxError {
        SQLSyntaxError(
            message: "the statement may nest more than \(maximum) expressions; split it, or use IN instead of long "
                + "chains of operators",
            cursorPosition: nil,
            sqlState: "54001"
        )
    }

    fileprivate static func tooManyComments(_ maximum: Int) -> SQLSyntaxError {
        SQLSyntaxError(
            message: "more than \(maximum) comments stand together; put spaces between them",
            cursorPosition: nil,
            sqlState: "54001"
        )
    }

    fileprivate static let containsNUL = SQLSyntaxError(
        message: "the query string contains a NUL byte",
        cursorPosition: nil,
        sqlState: "22021"
    )
}
