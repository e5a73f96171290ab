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
        FrontendMessage.parse(.init(statement: globalName, sql: sql, parameterTypes: parameterTypes)).write(into: &frame)
        parseFrame = frame
    }
}

/// The router-wide table of texts to names; loop-confined.
struct StatementNames {
    private struct Key: Hashable {
        let sql: String
        let parameterTypes: [UInt32]
    }

    private let countMax: Int
    private var statements: [Key: PreparedStatement] = [:]
    private var lastNumber = 0

    init(countMax: Int) { self.countMax = countMax }

    mutating func statement(
        sql: String, parameterTypes: [UInt32], analysis: AnalyzedStatement
    ) -> PreparedStatement {
        let key = Key(sql: sql, parameterTypes: parameterTypes)
        if let known = statements[key] { return known }
        if statements.count >= countMax { statements.removeAll(keepingCapacity: true) }
        lastNumber += 1
        let statement = PreparedStatement(
            globalName: "fs_\(lastNumber)", sql: sql, parameterTypes: parameterTypes, analysis: analysis)
        statements[key] = statement
        return statement
    }

    /// The groups changed: analyses no longer hold.
    mutating func forgetAll() { statements.removeAll() }
}

/// The statements of one session by the client's names, bounded in number and bytes.
struct SessionStatements {
    private let countMax: Int
    private let bytesMax: Int
    private var named: [String: PreparedStatement] = [:]
    private var bytes = 0
    var unnamed: PreparedStatement?

    init(countMax: Int, bytesMax: Int) {
        self.countMax = countMax
        self.bytesMax = bytesMax
    }

    subscript(name: String) -> PreparedStatement? { name.isEmpty ? unnamed : named[name] }

    /// False when a limit forbids it.
    mutating func define(_ name: String, _ statement: PreparedStatement) -> Bool {
        guard !name.isEmpty else {
            unnamed = statement
            return true
        }
        let size = statement.sql.utf8.count + name.utf8.count
        guard named.count < countMax, bytes + size <= bytesMax else { return false }
        bytes += size
        named[name] = statement
        return true
    }

    mutating func remove(_ name: String) {
        guard !name.isEmpty else {
            unnamed = nil
            return
        }
        guard let gone = named.removeValue(forKey: name) else { return }
        bytes -= gone.sql.utf8.count + name.utf8.count
    }

    mutating func removeAll() {
        named.removeAll()
        bytes = 0
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
