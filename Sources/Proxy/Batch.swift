// A batch is what the client sends before it expects an answer: one Query, or extended messages up to Sync or Flush.
// A plan is the batch as data: what goes to the instance, what the router answers itself, and what must be routed.
import ClusterModel
import NIOCore
import Routing
import SQLAnalysis
import WireProtocol

struct ClientBatch {
    enum End: Equatable {
        case query
        case sync
        case flush
    }

    var frames: [Frame] = []
    var bytes = 0
    var end = End.query

    mutating func clear() {
        frames.removeAll(keepingCapacity: frames.count < 64)
        bytes = 0
    }
}

/// A statement whose place is still to be found.
struct RouteRequest {
    let statement: AnalyzedStatement
    let parameters: [ParameterValue]
    /// The first of the plan's steps that belong to it.
    let step: Int
}

struct BatchPlan {
    enum Step {
        /// Bytes as they go to the instance.
        case send(ByteBuffer, ExpectedAnswer)
        /// The client's own Parse: sent, or answered at once where the connection has it.
        case parse(PreparedStatement, clientName: String)
        /// A later message needs this statement.
        case ensure(PreparedStatement)
        /// The router's own answer, in its place.
        case answer(ByteBuffer)
    }

    enum End: Equatable {
        /// The server's ReadyForQuery goes to the client.
        case ready
        /// The server's ReadyForQuery is swallowed and the router writes its own: the client's transaction is deferred.
        case readyFromRouter
        /// The connection is kept until the client's Sync.
        case flush
        /// The router ends the batch with its own Sync, and answers the client's Sync later.
        case flushWithSync
        /// The server's ReadyForQuery is swallowed: the batch goes on at another instance, or its commit follows.
        case leg
    }

    mutating func addRoute(_ statement: AnalyzedStatement, _ parameters: [ParameterValue]) {
        routes.append(RouteRequest(statement: statement, parameters: parameters, step: steps.count))
    }

    /// How a batch ends a transaction over several instances.
    enum Ending {
        case commit
        case rollback
    }

    var steps: [Step] = []
    var end = End.ready
    /// Executed statements, each to be routed; segments are found when the plan is resolved.
    var routes: [RouteRequest] = []
    /// What the session's settings become when what it does is kept; nil when it does not change them.
    var settings: SessionSettings?
    /// A RESET gives the connection other values than the session's start-up did.
    var resetsSettings = false
    /// Defines, changes or drops a table: what others have prepared may no longer fit it.
    var changesDefinitions = false
    var statementCount = 0
    /// Runs something, and not only prepares or describes it.
    var executes = false
    var needsInstance = false
    var isSimple = false
    var bytes = 0
    /// Executed statements that change the state of their block: a further instance must be told them too.
    var controls: [String] = []
    /// Something in it has a meaning on its own instance only: why the batch cannot be one of several instances.
    var confinement: String?
    var ending: Ending?
}

/// Where a plan goes.
struct Destination: Equatable {
    /// Nil: any instance.
    var instance: InstanceID?
    /// The segments that it touches, each once.
    var segments: [SegmentID] = []
    /// Several instances read their parts.
    var scatter: Scatter?
    /// It is an INSERT whose rows lie in several segments: where they go, its text tells.
    var isRows = false
    /// The parts of a batch for several instances, in the batch's order; else empty.
    var legs: [Leg] = []

    /// Steps of the plan that go to one instance together.
    struct Leg: Equatable {
        let instance: InstanceID
        var segments: [SegmentID]
        let firstStep: Int
    }
}

/// An answer of the router that ends a batch: the client sees an error.
struct BatchFailure: Error, Equatable {
    let message: ServerMessage

    init(_ message: ServerMessage) { self.message = message }

    init(_ state: SQLState, _ message: String, hint: String? = nil) {
        self.message = ServerMessage(sqlState: state, message: message, hint: hint)
    }

    init(_ refusal: Refusal) {
        message = ServerMessage(sqlState: SQLState(refusal.sqlState), message: refusal.message, hint: refusal.hint)
    }
}
