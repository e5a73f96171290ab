// Where a statement would go, and why, without running it.
import ClusterModel
import Routing
import SQLAnalysis

extension RouteView {
    /// - Throws: `SQLSyntaxError`.
    package init(
        firstPlacementOf sql: String, table: QueryRoutingTable, unsharded: InstanceID?
    ) throws {
        try self.init(sql, table: table, unsharded: unsharded.map { UnshardedTables(at: $0) }, isFirstPlacement: true)
    }

    /// - Throws: `SQLSyntaxError`.
    init(
        _ sql: String, table: QueryRoutingTable, unsharded: UnshardedTables?, isFirstPlacement: Bool = false
    ) throws {
        let schema = ShardedSchema(groups: table.groups, unsharded: unsharded)
        var analyzer = StatementAnalyzer(schema: schema, cacheBytesMax: 1 << 20)
        let query = try analyzer.analyze(sql)
        self.init(
            sql: sql, epoch: table.epoch.number, isFirstPlacement: isFirstPlacement,
            statements: query.statements.map { statement in
                Statement(statement, decision: table.decision(on: statement, of: sql, query, analyzer))
            })
    }
}

extension QueryRoutingTable {
    /// As the router decides, before it knows parameters.
    fileprivate func decision(
        on statement: AnalyzedStatement, of sql: String, _ query: AnalyzedQuery, _ analyzer: StatementAnalyzer
    ) -> RouteDecision {
        let decision = route(statement, parameters: [])
        guard case .several(let scatter) = decision, scatter.parts.count > 1, scatter.plan == nil else {
            return decision
        }
        let reason = Refusal.severalSegments(scatter.segments[0], scatter.segments[1])
        guard query.statements.count == 1 else { return .refused(reason) }
        do throws(Refusal) {
            _ = try analyzer.scatterPlan(of: sql)
            return decision
        } catch {
            return .refused(reason.and(error))
        }
    }
}

extension RouteView.Statement {
    fileprivate init(_ statement: AnalyzedStatement, decision: RouteDecision) {
        self.init(kind: "\(statement.kind)", isWrite: statement.isWrite, decision: "", reason: "")
        let parameters = statement.keyParameters
        guard parameters.isEmpty else {
            self.decision = "at execution"
            reason =
                "the shard key is \(parameters.map { "$\($0)" }.joined(separator: ", ")), whose value is not known yet"
            return
        }
        switch decision {
        case .segment(let segment, on: let instance, because: let reason):
            self.decision = "segment"
            self.segment = segment.text
            self.instance = instance.text
            self.reason = reason
        case .unsharded(on: let instance, because: let reason):
            self.decision = "unsharded"
            self.instance = instance.text
            self.reason = reason
        case .several(let scatter):
            self.decision = "several"
            reason =
                scatter.parts.count == 1
                ? "it reads \(scatter.segments.count) segments, all on \(scatter.parts[0].instance)"
                : "it reads \(scatter.segments.count) segments on "
                    + scatter.parts.map(\.instance.text).joined(separator: ", ") + ": each gives its part"
        case .rows(let first, let second):
            self.decision = "several"
            reason = "its rows lie in \(first), \(second) and perhaps more segments: each instance inserts its own"
        case .anywhere(because: let reason):
            self.decision = "anywhere"
            self.reason = reason
        case .refused(let refusal):
            self.decision = "refused"
            reason = refusal.message
            hint = refusal.hint
        }
    }
}

extension AnalyzedStatement {
    /// The numbers of the parameters that say which segment it is.
    fileprivate var keyParameters: [Int] {
        guard case .keyed(_, let keys) = target else { return [] }
        return Set(keys.compactMap(\.parameterNumber)).sorted()
    }
}
