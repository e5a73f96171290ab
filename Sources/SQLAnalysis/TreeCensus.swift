import CPgQuery

/// What a whole statement holds, counted without understanding it.
///
/// The walk that understands statements must account for every table that the census finds; where it does not, the
/// statement is refused. So a construct that the walk does not know cannot slip through.
struct TreeCensus {
    private(set) var tables: [UnsafePointer<PgQuery__RangeVar>] = []
    /// How often each parameter stands in the statement.
    private(set) var parameterCounts: [Int: Int] = [:]
    private(set) var commonTableNames: Set<String> = []
    private(set) var calls: [UnsafePointer<PgQuery__FuncCall>] = []

    init(of root: NodePointer) { count(MessagePointer(root)) }

    /// The highest `$n`.
    var parameterCount: Int { parameterCounts.keys.max() ?? 0 }

    private mutating func count(_ message: MessagePointer) {
        // FOR UPDATE OF names aliases.
        if message_is_locking_clause(message) { return }
        let raw = UnsafeRawPointer(message)
        if message_is_table(message) {
            tables.append(raw.assumingMemoryBound(to: PgQuery__RangeVar.self))
        } else if message_is_parameter(message) {
            let number = raw.assumingMemoryBound(to: PgQuery__ParamRef.self).pointee.number
            parameterCounts[Int(number), default: 0] += 1
        } else if message_is_call(message) {
            calls.append(raw.assumingMemoryBound(to: PgQuery__FuncCall.self))
        } else if message_is_common_table(message) {
            commonTableNames.insert(
                text(raw.assumingMemoryBound(to: PgQuery__CommonTableExpr.self).pointee.ctename)
            )
        }
        for child in message.children { count(child) }
    }
}
