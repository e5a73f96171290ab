// What a client asked for, where its batch is one read of several segments and nothing else.
import NIOCore
import SQLAnalysis
import WireProtocol

struct ScatterRequest {
    let sql: String
    let analysis: AnalyzedStatement
    /// As the client declared them.
    let parameterTypes: [UInt32]
    let parameterFormats: [Int16]
    let parameters: [ByteBuffer?]
    let resultFormats: [Int16]
    /// The router's answers to what comes before the rows.
    let prelude: ByteBuffer
    let wantsDescription: Bool
    /// The rows after which the client wants no more before its Sync; 0 is all.
    let rowsMax: Int
    let isSimple: Bool

    /// The text of the batch's one routed statement.
    static func sql(of plan: BatchPlan, _ route: RouteRequest) throws(BatchFailure) -> String {
        if plan.isSimple { return try ScatterRequest(plan).sql }
        for case .ensure(let statement) in plan.steps[min(route.step, plan.steps.count)...] { return statement.sql }
        throw .severalStatements
    }

    /// - Throws: why the batch may not hold such a read.
    init(_ plan: BatchPlan) throws(BatchFailure) {
        guard plan.routes.count == 1, plan.statementCount == 1, let analysis = plan.routes.first?.statement else {
            throw .severalStatements
        }
        self.analysis = analysis
        isSimple = plan.isSimple
        guard !plan.isSimple else {
            guard case .send(let bytes, _)? = plan.steps.first,
                case .query(let sql) = try FrontendMessage.read(
                    Frame(type: FrontendMessage.Kind.query.rawValue, bytes: bytes))
            else { throw .malformed }
            self.sql = sql
            parameterTypes = []
            parameterFormats = []
            parameters = []
            resultFormats = []
            prelude = ByteBuffer()
            wantsDescription = true
            rowsMax = 0
            return
        }
        guard plan.end == .ready else { throw .severalStatements }
        var reader = BatchReader()
        for step in plan.steps { try reader.read(step) }
        guard let statement = reader.statement, let bind = reader.bind, reader.executes else {
            throw .severalStatements
        }
        sql = statement.sql
        parameterTypes = statement.parameterTypes
        parameterFormats = bind.parameterFormats
        parameters = bind.parameters
        resultFormats = bind.resultFormats
        prelude = reader.prelude
        wantsDescription = reader.describes
        rowsMax = reader.rowsMax
    }

    /// The format of each result column; nil when the client gave another number of them.
    func formats(columns count: Int) -> [Int16]? {
        switch resultFormats.count {
        case 0: [Int16](repeating: 0, count: count)
        case 1: [Int16](repeating: resultFormats[0], count: count)
        default: resultFormats.count == count ? resultFormats : nil
        }
    }

    /// The format of each parameter.
    var formatsOfParameters: [Int16] {
        switch parameterFormats.count {
        case 0: [Int16](repeating: 0, count: parameters.count)
        case 1: [Int16](repeating: parameterFormats[0], count: parameters.count)
        default: parameterFormats
        }
    }
}

/// Parse, Bind, Describe, Execute of one statement, in this order.
private struct BatchReader {
    var prelude = ByteBuffer()
    var statement: PreparedStatement?
    var bind: FrontendMessage.Bind?
    var describes = false
    var executes = false
    var rowsMax = 0

    mutating func read(_ step: BatchPlan.Step) throws(BatchFailure) {
        guard !executes else { throw .severalStatements }
        switch step {
        case .answer(let bytes):
            guard bind == nil else { throw .severalStatements }
            prelude.writeImmutableBuffer(bytes)
        case .parse(let parsed, clientName: _):
            guard statement == nil, bind == nil else { throw .severalStatements }
            statement = parsed
            prelude.writeImmutableBuffer(RouterAnswers.parseComplete)
        case .ensure(let needed):
            guard statement == nil || statement === needed else { throw .severalStatements }
            statement = needed
        case .send(let bytes, let answer): try read(bytes, answer)
        }
    }

    private mutating func read(_ bytes: ByteBuffer, _ answer: ExpectedAnswer) throws(BatchFailure) {
        guard let type = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) else { throw .malformed }
        let message = try FrontendMessage.read(Frame(type: type, bytes: bytes))
        switch (answer, message) {
        case (.bind, .bind(let bind)) where self.bind == nil:
            self.bind = bind
            prelude.writeImmutableBuffer(RouterAnswers.bindComplete)
        case (.describePortal, _) where bind != nil: describes = true
        case (.execute, .execute(portal: _, let rowsMax)) where bind != nil:
            self.rowsMax = Int(max(0, rowsMax))
            executes = true
        default: throw .severalStatements
        }
    }
}

extension BatchFailure {
    static let severalStatements = BatchFailure(
        .featureNotSupported, "a read of several segments must be the only statement between two Syncs",
        hint: "Send it in a query string of its own, or as Parse, Bind, Describe, Execute and Sync.")
}
