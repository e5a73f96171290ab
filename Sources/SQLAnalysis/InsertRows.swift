// An INSERT of several rows as one INSERT for each share of them, so that rows of several segments can be inserted where
// they belong. Each row stands in exactly one share, as it stood in the statement; nothing else of the statement changes
// but the numbers of parameters, since PostgreSQL wants no gaps among them.
import CPgQuery
import ClusterModel

/// The rows of one text. Not to be kept: it holds the whole tree.
package struct InsertRows {
    /// A statement for some of the rows.
    package struct Share: Equatable, Sendable {
        package let sql: String
        /// Which parameter of the statement is its `$1`, its `$2`, ...; from 1.
        package let parameters: [Int]
    }

    /// The shard key of each row.
    package let keys: [KeyExpression]
    private let sql: String

    /// - Throws: why the statement cannot be shared out.
    init(_ sql: String, schema: ShardedSchema, relationsMax: Int, bytesMax: Int) throws(Refusal) {
        guard sql.utf8.count <= bytesMax else { throw .notShared("a statement of more than \(bytesMax) bytes") }
        guard let tree = EditableTree(insert: sql), let insert = tree.statement.pointee.insert_stmt?.pointee else {
            throw .notShared("an INSERT beside other statements, or of a SELECT")
        }
        guard insert.with_clause == nil else { throw .notShared("WITH") }
        // Its rows are those of other tables, or of this one while it changes.
        guard !Self.hasSubquery(MessagePointer(tree.statement), besides: insert.select_stmt) else {
            throw .notShared("a subquery")
        }
        var walk = StatementWalk(schema: schema, relationsMax: relationsMax)
        try walk.walkQuery(tree.statement, outer: nil, [:])
        guard let keys = walk.insertedRows, keys.count == tree.select.pointee.n_values_lists else {
            throw .notShared("rows that are no VALUES")
        }
        self.keys = keys.map(\.expression)
        self.sql = sql
    }

    /// - Parameter rows: from 0, in their order.
    package func share(of rows: [Int]) throws(Refusal) -> Share {
        guard let tree = EditableTree(insert: sql) else { throw .unknownConstruct }
        let select = tree.select
        let lists = rows.compactMap { select.pointee.values_lists[$0] }
        tree.save(select)
        select.pointee.values_lists = tree.list(lists)
        select.pointee.n_values_lists = lists.count
        var parameters: [Int] = []
        Self.renumber(MessagePointer(tree.statement), &parameters, tree)
        guard let text = tree.written() else { throw .notShared("a construct that cannot be written again") }
        return Share(sql: text, parameters: parameters)
    }

    private static func renumber(_ message: MessagePointer, _ parameters: inout [Int], _ tree: EditableTree) {
        if message_is_parameter(message) {
            let reference = UnsafeMutableRawPointer(mutating: UnsafeRawPointer(message))
                .assumingMemoryBound(to: PgQuery__ParamRef.self)
            let number = Int(reference.pointee.number)
            let index = parameters.firstIndex(of: number) ?? parameters.count
            if index == parameters.count { parameters.append(number) }
            tree.save(reference)
            reference.pointee.number = Int32(index + 1)
        }
        for child in message.children { renumber(child, &parameters, tree) }
    }

    private static func hasSubquery(_ message: MessagePointer, besides rows: NodePointer?) -> Bool {
        if let node = message.asNode, node != rows {
            switch node.pointee.node_case {
            case PG_QUERY__NODE__NODE_SUB_LINK, PG_QUERY__NODE__NODE_SELECT_STMT: return true
            default: break
            }
        }
        return message.children.contains { hasSubquery($0, besides: rows) }
    }
}

extension Refusal {
    static func notShared(_ construct: String) -> Refusal {
        Refusal(
            construct: construct,
            message: "rows of several segments cannot be inserted by a statement that has \(construct)",
            hint: "Send an INSERT for each row, or for the rows of one segment."
        )
    }
}
