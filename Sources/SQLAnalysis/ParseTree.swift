import CPgQuery

// PostgreSQL's grammar, called with care. libpg_query recurses over the tree without looking at its stack and reads a
// C string, so whatever nests too deeply or holds a NUL is rejected before it gets there (see NestingBound).

/// The raw statements of one query string, owned until the end of `withStatements`.
enum ParseTree {
    typealias RawStatement = UnsafeMutablePointer<PgQuery__RawStmt>

    /// Calls `body` with the statements of `sql`, whose tree is freed afterwards.
    static func withStatements<Result>(
        of sql: String,
        _ body: (UnsafeBufferPointer<RawStatement?>) -> Result
    ) throws(SQLSyntaxError) -> Result {
        let parsed = pg_query_parse_protobuf(sql)
        defer { pg_query_free_protobuf_parse_result(parsed) }
        if let error = parsed.error { throw SQLSyntaxError(error.pointee) }
        guard let tree = unpack(parsed.parse_tree) else { throw .unreadableTree }
        defer { pg_query__parse_result__free_unpacked(tree, nil) }
        return body(UnsafeBufferPointer(start: tree.pointee.stmts, count: tree.pointee.n_stmts))
    }

    private static func unpack(_ buffer: PgQueryProtobuf) -> UnsafeMutablePointer<PgQuery__ParseResult>? {
        buffer.data.withMemoryRebound(to: UInt8.self, capacity: buffer.len) {
            pg_query__parse_result__unpack(nil, buffer.len, $0)
        }
    }
}

extension SQLSyntaxError {
    static let unreadableTree = SQLSyntaxError(
        message: "the statement could not be analysed",
        cursorPosition: nil,
        sqlState: "XX000"
    )

    fileprivate init(_ error: PgQueryError) {
        self.init(
            message: error.message.map { String(cString: $0) } ?? "syntax error",
            cursorPosition: error.cursorpos > 0 ? Int(error.cursorpos) : nil
        )
    }
}
