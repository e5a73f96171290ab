import CPgQuery

// A statement's tree that can be changed and written as SQL again. What libpg_query writes is not taken on trust: it is
// parsed, and must be the very tree that was meant.
//
// Invariant: nodes are changed in place and lent from one tree to another; `deinit` undoes every change before the
// trees, each of which frees its own nodes only. Texts of the trees mean nothing any more: all locations are zero.

final class EditableTree {
    private typealias Parsed = UnsafeMutablePointer<PgQuery__ParseResult>

    private let parsed: Parsed
    private var snippets: [Parsed] = []
    private var changes: [() -> Void] = []
    private var allocations: [UnsafeMutableRawPointer] = []
    /// The only statement.
    let statement: NodePointer
    /// It, or the SELECT or VALUES that it inserts.
    let select: UnsafeMutablePointer<PgQuery__SelectStmt>

    /// Nil when the text is not one SELECT.
    convenience init?(_ sql: String) {
        self.init(sql) { node in
            node.pointee.node_case == PG_QUERY__NODE__NODE_SELECT_STMT ? node.pointee.select_stmt : nil
        }
    }

    /// Nil when the text is not one INSERT of a SELECT or VALUES.
    convenience init?(insert sql: String) {
        self.init(sql) { node in
            guard node.pointee.node_case == PG_QUERY__NODE__NODE_INSERT_STMT,
                let source = node.pointee.insert_stmt?.pointee.select_stmt,
                source.pointee.node_case == PG_QUERY__NODE__NODE_SELECT_STMT
            else { return nil }
            return source.pointee.select_stmt
        }
    }

    private init?(_ sql: String, _ select: (NodePointer) -> UnsafeMutablePointer<PgQuery__SelectStmt>?) {
        guard let parsed = Self.parse(sql) else { return nil }
        guard parsed.pointee.n_stmts == 1, let node = parsed.pointee.stmts[0]?.pointee.stmt, let select = select(node)
        else {
            pg_query__parse_result__free_unpacked(parsed, nil)
            return nil
        }
        self.parsed = parsed
        statement = node
        self.select = select
    }

    deinit {
        for undo in changes.reversed() { undo() }
        for snippet in snippets { pg_query__parse_result__free_unpacked(snippet, nil) }
        pg_query__parse_result__free_unpacked(parsed, nil)
        for allocation in allocations { allocation.deallocate() }
    }

    // MARK: Changes

    /// To be called before what is at a place is changed.
    func save<Value>(_ place: UnsafeMutablePointer<Value>) {
        let value = place.pointee
        changes.append { place.pointee = value }
    }

    /// Puts another node in the place of one; both may be looked at as before, through their contents.
    func replace(_ node: NodePointer, by other: NodePointer) {
        save(node)
        node.pointee = other.pointee
    }

    func list(_ nodes: [NodePointer]) -> UnsafeMutablePointer<NodePointer?> {
        let list = UnsafeMutablePointer<NodePointer?>.allocate(capacity: max(1, nodes.count))
        list.initialize(repeating: nil, count: max(1, nodes.count))
        for (index, node) in nodes.enumerated() { list[index] = node }
        allocations.append(UnsafeMutableRawPointer(list))
        return list
    }

    /// A node of its own with the contents that a node has now.
    func copy(_ node: NodePointer) -> NodePointer { copy(of: node.pointee) }

    /// A function call of its own with the same arguments.
    func copy(call: PgQuery__FuncCall) -> NodePointer {
        let contents = allocate(call)
        var node = PgQuery__Node()
        pg_query__node__init(&node)
        node.node_case = PG_QUERY__NODE__NODE_FUNC_CALL
        node.func_call = contents
        return copy(of: node)
    }

    private func copy(of node: PgQuery__Node) -> NodePointer { allocate(node) }

    private func allocate<Value>(_ value: Value) -> UnsafeMutablePointer<Value> {
        let place = UnsafeMutablePointer<Value>.allocate(capacity: 1)
        place.initialize(to: value)
        allocations.append(UnsafeMutableRawPointer(place))
        return place
    }

    /// The items of a SELECT list, where `foreshard_slot_1` stands for the first of `slots`. The text is the router's own.
    func items(_ sql: String, _ slots: [NodePointer] = []) -> [NodePointer] {
        guard let snippet = Self.parse("SELECT \(sql)"),
            let statement = snippet.pointee.stmts[0]?.pointee.stmt?.pointee.select_stmt
        else { preconditionFailure("the router's own SQL does not parse: \(sql)") }
        snippets.append(snippet)
        let items = Array(NodeList(statement.pointee.n_target_list, statement.pointee.target_list))
        for item in items { fill(MessagePointer(item), slots) }
        return items
    }

    /// The FROM list of `sql`.
    func fromItems(_ sql: String) -> [NodePointer] {
        guard let snippet = Self.parse("SELECT 1 FROM \(sql)"),
            let statement = snippet.pointee.stmts[0]?.pointee.stmt?.pointee.select_stmt
        else { preconditionFailure("the router's own SQL does not parse: \(sql)") }
        snippets.append(snippet)
        return Array(NodeList(statement.pointee.n_from_clause, statement.pointee.from_clause))
    }

    /// An expression, with slots as in `items`.
    func expression(_ sql: String, _ slots: [NodePointer] = []) -> NodePointer {
        guard let value = items(sql, slots).first?.pointee.res_target.pointee.val else {
            preconditionFailure("the router's own SQL is no expression: \(sql)")
        }
        return value
    }

    private func fill(_ message: MessagePointer, _ slots: [NodePointer]) {
        if let node = message.asNode, let name = node.columnName, name.hasPrefix("foreshard_slot_"),
            let number = Int(name.dropFirst(15)), slots.indices.contains(number - 1)
        {
            return replace(node, by: slots[number - 1])
        }
        for child in message.children { fill(child, slots) }
    }

    // MARK: Writing

    /// The tree as SQL; nil when it cannot be written so that it is read as the same tree.
    func written() -> String? {
        var packed = Self.packed(parsed)
        let result = packed.withUnsafeMutableBytes { bytes in
            pg_query_deparse_protobuf(
                PgQueryProtobuf(len: bytes.count, data: bytes.bindMemory(to: CChar.self).baseAddress))
        }
        defer { pg_query_free_deparse_result(result) }
        guard result.error == nil, let query = result.query else { return nil }
        let text = String(cString: query)
        guard let again = Self.parse(text) else { return nil }
        defer { pg_query__parse_result__free_unpacked(again, nil) }
        return Self.packed(again) == packed ? text : nil
    }

    private static func packed(_ tree: Parsed) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: pg_query__parse_result__get_packed_size(tree))
        let length = bytes.withUnsafeMutableBufferPointer { pg_query__parse_result__pack(tree, $0.baseAddress) }
        return Array(bytes.prefix(length))
    }

    private static func parse(_ sql: String) -> Parsed? {
        let result = pg_query_parse_protobuf(sql)
        defer { pg_query_free_protobuf_parse_result(result) }
        guard result.error == nil, let data = result.parse_tree.data else { return nil }
        let tree = data.withMemoryRebound(to: UInt8.self, capacity: result.parse_tree.len) {
            pg_query__parse_result__unpack(nil, result.parse_tree.len, $0)
        }
        guard let tree else { return nil }
        forgetPlaces(UnsafeRawPointer(tree).assumingMemoryBound(to: ProtobufCMessage.self))
        return tree
    }

    /// Zeroes where in the text each part stood.
    private static func forgetPlaces(_ message: MessagePointer) {
        let descriptor = message.pointee.descriptor.pointee
        for index in 0..<Int(descriptor.n_fields) where descriptor.fields[index].type == PROTOBUF_C_TYPE_INT32 {
            let field = descriptor.fields[index]
            let name = String(cString: field.name)
            guard name.hasSuffix("location") || name == "stmt_len" else { continue }
            UnsafeMutableRawPointer(mutating: UnsafeRawPointer(message)).storeBytes(
                of: 0, toByteOffset: Int(field.offset), as: Int32.self)
        }
        for child in message.children { forgetPlaces(child) }
    }
}

extension NodePointer {
    /// What the node is, byte for byte, wherever it stands.
    var packed: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: pg_query__node__get_packed_size(self))
        let length = bytes.withUnsafeMutableBufferPointer { pg_query__node__pack(self, $0.baseAddress) }
        return Array(bytes.prefix(length))
    }

    /// The name of an unqualified column reference.
    var columnName: String? {
        guard pointee.node_case == PG_QUERY__NODE__NODE_COLUMN_REF else { return nil }
        let reference = pointee.column_ref.pointee
        guard reference.n_fields == 1 else { return nil }
        return NodeList(reference.n_fields, reference.fields).names?.first
    }

    /// `*` or `t.*`.
    var isStar: Bool {
        guard pointee.node_case == PG_QUERY__NODE__NODE_COLUMN_REF else { return false }
        let reference = pointee.column_ref.pointee
        guard reference.n_fields > 0 else { return false }
        return reference.fields[reference.n_fields - 1]?.pointee.node_case == PG_QUERY__NODE__NODE_A_STAR
    }

    var integerLiteral: Int? {
        guard pointee.node_case == PG_QUERY__NODE__NODE_A_CONST,
            pointee.a_const.pointee.val_case == PG_QUERY__A__CONST__VAL_IVAL
        else { return nil }
        return Int(pointee.a_const.pointee.ival.pointee.ival)
    }
}
