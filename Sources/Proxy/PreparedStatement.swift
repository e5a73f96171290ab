// Prepared statements belong to sessions, but live at instance connections that sessions share. A statement's text and
// parameter types get one name for the whole router (`fs_7`), so that a connection prepares it once for all sessions.
// Invariant: a name is never used for two texts; names that were dropped from the table are not given again.
import NIOCore
import SQLAnalysis
import WireProtocol

/// One text with its parameter types, analysed. Immutable; shared by sessions and connections.
final class PreparedStatement: Sendable {
    /// Empty for an unnamed statement, which is never shared.
    let globalName: String
    let analysis: AnalyzedStatement
    let sql: String
    let parameterTypes: [UInt32]
    /// The Parse message that prepares it.
    let parseFrame: ByteBuffer

    init(globalName: String, sql: String, parameterTypes: [UInt32], analysis: AnalyzedStatement) {
        self.globalName = globalName
        self.analysis = analysis
        self.sql = sql
        self.parameterTypes = parameterTypes
        var frame = ByteBuffer()
        FrontendMessage.parse(.init(statement: globalName, sql: sql, parameterTypes: parameterTypes)).write(
            into: &frame)
        parseFrame = frame
    }
}

/// The router-wide table of texts to names, bounded in number and bytes; loop-confined.
struct StatementNames {
    /// Texts are one only if they are so byte for byte: strings are equal under Unicode normalisation too.
    private struct Key: Hashable {
        let sql: ByteBuffer
        let parameterTypes: [UInt32]

        /// Of the entry: the text stands in the key, the statement and its Parse message.
        var size: Int { 3 * sql.readableBytes + 12 * parameterTypes.count + 256 }
    }

    private let countMax: Int
    private let bytesMax: Int
    private var statements: [Key: PreparedStatement] = [:]
    private(set) var bytes = 0
    private var lastNumber = 0

    init(countMax: Int, bytesMax: Int) {
        self.countMax = countMax
        self.bytesMax = bytesMax
    }

    mutating func statement(
        sql: String, parameterTypes: [UInt32], analysis: AnalyzedStatement
    ) -> PreparedStatement {
        let key = Key(sql: ByteBuffer(string: sql), parameterTypes: parameterTypes)
        if let known = statements[key] { return known }
        lastNumber += 1
        let statement = PreparedStatement(
            globalName: "fs_\(lastNumber)", sql: sql, parameterTypes: parameterTypes, analysis: analysis)
        keep(statement, key)
        return statement
    }

    /// A text that takes more than an eighth of the table is not kept: each session has it under a name of its own.
    private mutating func keep(_ statement: PreparedStatement, _ key: Key) {
        guard key.size <= bytesMax / 8 else { return }
        if statements.count >= countMax || bytes + key.size > bytesMax { forgetAll() }
        bytes += key.size
        statements[key] = statement
    }

    /// The groups changed, and analyses no longer hold; or the table is full. Names go on from where they are, because
    /// connections have those of before prepared.
    mutating func forgetAll() {
        statements.removeAll(keepingCapacity: true)
        bytes = 0
    }
}

/// The statements of one session by the client's names, bounded in number and bytes. The changes of the batch under way
/// can be undone: a Parse or Close that was never answered has not happened.
struct SessionStatements {
    private let countMax: Int
    private let bytesMax: Int
    private var named: [ClientName: PreparedStatement] = [:]
    private var bytes = 0
    private var changes: [(name: String, before: PreparedStatement?)] = []
    var unnamed: PreparedStatement?

    init(countMax: Int, bytesMax: Int) {
        self.countMax = countMax
        self.bytesMax = bytesMax
    }

    /// What was changed so far stays.
    mutating func keepChanges() { changes.removeAll(keepingCapacity: changes.count < 64) }

    mutating func undoChanges() {
        for (name, before) in changes.reversed() {
            take(name)
            if let before { put(name, before) }
        }
        keepChanges()
    }

    subscript(name: String) -> PreparedStatement? { name.isEmpty ? unnamed : named[ClientName(name)] }

    /// False when a limit forbids it.
    mutating func define(_ name: String, _ statement: PreparedStatement) -> Bool {
        let isWithinLimits = named.count < countMax && bytes + Self.size(name, statement) <= bytesMax
        guard name.isEmpty || isWithinLimits else { return false }
        changes.append((name, self[name]))
        put(name, statement)
        return true
    }

    mutating func remove(_ name: String) {
        changes.append((name, self[name]))
        take(name)
    }

    /// Not to be undone.
    mutating func removeAll() {
        named.removeAll()
        bytes = 0
        keepChanges()
    }

    private mutating func put(_ name: String, _ statement: PreparedStatement) {
        guard !name.isEmpty else {
            unnamed = statement
            return
        }
        named[ClientName(name)] = statement
        bytes += Self.size(name, statement)
    }

    private mutating func take(_ name: String) {
        guard !name.isEmpty else {
            unnamed = nil
            return
        }
        guard let gone = named.removeValue(forKey: ClientName(name)) else { return }
        bytes -= Self.size(name, gone)
    }

    private static func size(_ name: String, _ statement: PreparedStatement) -> Int {
        statement.sql.utf8.count + name.utf8.count
    }
}

/// Which statements one instance connection has prepared, least recently used first to go.
struct ConnectionStatements {
    private let countMax: Int
    private var lastUse: [String: UInt64] = [:]
    private var clock: UInt64 = 0

    init(countMax: Int) { self.countMax = countMax }

    /// Notes a use; false when it is not prepared here.
    mutating func used(_ name: String) -> Bool {
        guard lastUse[name] != nil else { return false }
        clock += 1
        lastUse[name] = clock
        return true
    }

    /// A Parse is being sent. The names to close first.
    mutating func prepared(_ name: String) -> String? {
        clock += 1
        lastUse[name] = clock
        guard lastUse.count > countMax else { return nil }
        guard let oldest = lastUse.min(by: { $0.value < $1.value })?.key else { return nil }
        lastUse[oldest] = nil
        return oldest
    }

    /// A Parse was not answered with ParseComplete.
    mutating func failed(_ name: String) { lastUse[name] = nil }
}
