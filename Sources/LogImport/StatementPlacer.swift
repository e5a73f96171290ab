// From the SQL and the parameters of a log to segments, by the router's own analysis and hashes.

import ClusterModel
import Routing
import SQLAnalysis

/// Where the use of a statement is counted.
enum UsageTarget: Hashable {
    /// By the segment's number in the routing table.
    case segment(Int)
    /// Shared out among them.
    case several([Int])
    /// It touches no sharded table.
    case unsharded
    /// The reason, in few words: a statement that a router would refuse, or that the log does not tell whole.
    case leftOut(String)
}

struct PlacedStatement {
    enum Effect { case none, begins, ends }

    var target: UsageTarget
    /// As the router counts them: the statements of a query string.
    var statements = 1
    /// What becomes of the session's transaction.
    var effect = Effect.none
}

struct StatementPlacer {
    private static let cacheBytesMax = 64 << 20

    let table: QueryRoutingTable
    private var analyzer: StatementAnalyzer
    private let numbers: [SegmentID: Int]

    init(table: QueryRoutingTable, cacheBytesMax: Int = StatementPlacer.cacheBytesMax) {
        self.table = table
        analyzer = StatementAnalyzer(
            schema: ShardedSchema(groups: table.groups), cacheBytesMax: cacheBytesMax, generalizesPlans: true)
        numbers = Dictionary(uniqueKeysWithValues: table.segments.enumerated().map { ($0.element.id, $0.offset) })
    }

    func number(of segment: SegmentID) -> Int? { numbers[segment] }

    /// - Parameter parameters: the text that lists them; empty when there is none.
    mutating func place(_ sql: UnsafeRawBufferPointer, parameters: UnsafeRawBufferPointer) -> PlacedStatement {
        guard !sql.isEmpty, let query = try? analyzer.analyze(sql) else {
            return PlacedStatement(target: .leftOut("SQL that PostgreSQL 15's grammar rejects"))
        }
        if query.statements.count == 1 {
            let statement = query.statements[0]
            return PlacedStatement(
                target: target(of: statement, parameters), effect: PlacedStatement.Effect(statement.kind) ?? .none)
        }
        return place(query.statements, parameters)
    }

    private func place(_ statements: [AnalyzedStatement], _ parameters: UnsafeRawBufferPointer) -> PlacedStatement {
        var segments: [Int] = []
        var placed = PlacedStatement(target: .unsharded, statements: statements.count)
        for statement in statements {
            if let effect = PlacedStatement.Effect(statement.kind) { placed.effect = effect }
            switch target(of: statement, parameters) {
            case .segment(let number): if !segments.contains(number) { segments.append(number) }
            case .several(let numbers): segments += numbers.filter { !segments.contains($0) }
            case .unsharded: continue
            case .leftOut(let reason): placed.target = .leftOut(reason)
            }
        }
        if case .leftOut = placed.target { return placed }
        if segments.count == 1 { placed.target = .segment(segments[0]) }
        if segments.count > 1 { placed.target = .several(segments) }
        return placed
    }

    private func target(of statement: AnalyzedStatement, _ parameters: UnsafeRawBufferPointer) -> UsageTarget {
        let wanted = statement.keyParameters
        guard !wanted.isEmpty else { return target(of: statement, []) }
        switch ParameterList.read(parameters, wanted: wanted) {
        case .values(let values): return target(of: statement, values)
        case .missing: return .leftOut("a shard key in a parameter that the log does not tell")
        case .cutOff: return .leftOut("a shard key that log_parameter_max_length cut off")
        }
    }

    private func target(of statement: AnalyzedStatement, _ parameters: [ParameterValue]) -> UsageTarget {
        switch table.spread(statement, parameters: parameters) {
        case .one(let segment): return .segment(number(segment))
        case .several(let segments): return .several(segments.map(number))
        case .none: return .unsharded
        case .unknown(let refusal): return .leftOut(refusal.construct)
        }
    }

    private func number(_ segment: SegmentID) -> Int {
        guard let number = numbers[segment] else { preconditionFailure("\(segment) is not in the table it came from") }
        return number
    }
}

extension AnalyzedStatement {
    /// The parameters that are shard keys, from 1.
    fileprivate var keyParameters: [Int] {
        guard parameterCount > 0, case .keyed(_, let keys) = target else { return [] }
        return keys.compactMap(\.parameterNumber)
    }
}

extension PlacedStatement.Effect {
    /// Nil for a statement that leaves the transaction as it is.
    fileprivate init?(_ kind: StatementKind) {
        switch kind {
        case .begin: self = .begins
        case .commit, .rollback: self = .ends
        case .select, .insert, .update, .delete, .explain, .copy, .savepoint, .set, .reset, .show, .deallocate,
            .discard, .utility, .empty:
            return nil
        }
    }
}
