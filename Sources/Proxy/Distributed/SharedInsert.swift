// An INSERT whose rows belong on several instances: a leg for each, and one answer of all of them.
// Invariant: the client hears nothing of a leg's success before the last leg has succeeded; an error it hears at once.
import ClusterModel
import NIOCore
import Routing
import SQLAnalysis
import WireProtocol

final class SharedInsert {
    private let request: ScatterRequest
    private let shares: [RowShare]
    private let bytesMax: Int
    private let splitter: FrameSplitter

    // What the legs said.
    private var leg = 0
    private var inbound = ByteBuffer()
    private var description = ByteBuffer()
    private var rows: [[ByteBuffer]]
    private var bytes = 0
    private var isBound = false
    private var inserted = 0

    init(_ plan: BatchPlan, _ request: ScatterRequest, _ shares: [RowShare], bytesMax: Int) {
        self.request = request
        self.shares = shares
        self.bytesMax = bytesMax
        splitter = FrameSplitter(lengthMax: bytesMax)
        rows = Array(repeating: [], count: shares.count)
    }

    // MARK: The legs

    /// A plan for each share.
    func plans(_ insert: InsertRows) throws(BatchFailure) -> [(leg: Destination.Leg, plan: BatchPlan)] {
        var plans: [(leg: Destination.Leg, plan: BatchPlan)] = []
        for share in shares {
            let statement: InsertRows.Share
            do throws(Refusal) { statement = try insert.share(of: share.rows) } catch { throw BatchFailure(error) }
            var plan = BatchPlan()
            plan.end = .leg
            plan.executes = true
            plan.needsInstance = true
            plan.statementCount = plans.isEmpty ? 1 : 0
            plan.bytes = statement.sql.utf8.count
            try add(statement, to: &plan)
            plans.append((Destination.Leg(instance: share.instance, segments: share.segments, firstStep: 0), plan))
        }
        return plans
    }

    private func add(_ statement: InsertRows.Share, to plan: inout BatchPlan) throws(BatchFailure) {
        guard !request.isSimple else {
            plan.isSimple = true
            plan.steps = [.send(RouterAnswers.query(statement.sql), .query(isVisible: true))]
            return
        }
        guard statement.parameters.allSatisfy({ $0 <= request.parameters.count }) else { throw .malformed }
        let formats = request.formatsOfParameters
        guard formats.count == request.parameters.count else { throw .malformed }
        let types = statement.parameters.map { $0 <= request.parameterTypes.count ? request.parameterTypes[$0 - 1] : 0 }
        let prepared = PreparedStatement(
            globalName: "", sql: statement.sql, parameterTypes: types, analysis: request.analysis)
        var bind = ByteBuffer()
        FrontendMessage.bind(
            .init(
                portal: "", statement: "", parameterFormats: statement.parameters.map { formats[$0 - 1] },
                parameters: statement.parameters.map { request.parameters[$0 - 1] },
                resultFormats: request.resultFormats)
        ).write(into: &bind)
        var describe = ByteBuffer()
        FrontendMessage.describe(.portal, name: "").write(into: &describe)
        var execute = ByteBuffer()
        FrontendMessage.execute(portal: "", rowsMax: 0).write(into: &execute)
        plan.steps = [
            .ensure(prepared), .send(bind, .bind), .send(describe, .describePortal), .send(execute, .execute),
        ]
    }

    func nextLeg() { leg += 1 }

    // MARK: The answer

    /// - Returns: what the client is to have at once.
    /// - Throws: the rows that the INSERT returns are too many to be kept.
    func received(_ bytes: ByteBuffer) throws(BatchFailure) -> ByteBuffer {
        var bytes = bytes
        var passed = ByteBuffer()
        if inbound.readableBytes == 0 { inbound = bytes } else { inbound.writeBuffer(&bytes) }
        do throws(WireError) {
            while let frame = try splitter.next(from: &inbound) { keep(frame, &passed) }
        } catch {
            throw .rowTooLong(bytesMax)
        }
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
        guard self.bytes <= bytesMax else { throw .tooManyReturned(bytesMax) }
        return passed
    }

    private func keep(_ frame: Frame, _ passed: inout ByteBuffer) {
        guard let kind = BackendMessage.Kind(rawValue: frame.type) else { return }
        switch kind {
        case .dataRow:
            rows[leg].append(frame.bytes)
            bytes += frame.bytes.readableBytes
        case .rowDescription, .noData: if leg == 0, request.wantsDescription { description = frame.bytes }
        case .bindComplete: isBound = true
        case .commandComplete:
            if case .commandComplete(let tag)? = try? BackendMessage(frame) {
                inserted += tag.split(separator: " ").last.flatMap { Int($0) } ?? 0
            }
        case .noticeResponse, .parameterStatus: passed.writeImmutableBuffer(frame.bytes)
        case .errorResponse:
            // Places in the router's own SQL mean nothing to the client.
            guard case .errorResponse(let error)? = try? BackendMessage(frame) else { return }
            if isBound {
                passed.writeImmutableBuffer(request.prelude)
                passed.writeImmutableBuffer(description)
            }
            passed.writeImmutableBuffer(RouterAnswers.encoded(.errorResponse(error.withoutPosition)))
        default: break
        }
    }

    /// All legs have succeeded. Rows that are returned stand in the order of VALUES, as PostgreSQL returns them; where a
    /// trigger or ON CONFLICT left some out it is not known which, and they stand by instance.
    var answer: ByteBuffer {
        var answer = request.prelude
        answer.writeImmutableBuffer(description)
        if zip(rows, shares).allSatisfy({ $0.count == $1.rows.count }) {
            var placed: [(row: Int, bytes: ByteBuffer)] = []
            for (rows, share) in zip(rows, shares) { placed += zip(share.rows, rows).map { ($0, $1) } }
            for (_, bytes) in placed.sorted(by: { $0.row < $1.row }) { answer.writeImmutableBuffer(bytes) }
        } else {
            for bytes in rows.joined() { answer.writeImmutableBuffer(bytes) }
        }
        answer.writeImmutableBuffer(RouterAnswers.encoded(.commandComplete("INSERT 0 \(inserted)")))
        return answer
    }
}

extension ClientConnection {
    /// Where the rows of an INSERT go; nil when all of them go to one instance, to which `destination` then points.
    func shareOut(_ plan: BatchPlan, _ destination: inout Destination) throws(BatchFailure) -> PendingInsert? {
        guard destination.isRows, let route = plan.routes.first else { return nil }
        let sql = try ScatterRequest.sql(of: plan, route)
        let insert: InsertRows
        let shares: [RowShare]
        do throws(Refusal) {
            insert = try plane.surroundings.analyzer.insertRows(of: sql)
            shares = try plane.table.shares(of: insert.keys, route.statement, parameters: route.parameters)
        } catch {
            throw BatchFailure(error)
        }
        destination.segments = shares.flatMap(\.segments)
        let span = session.span(plan, isAllowed: plane.commitLog != nil)
        if shares.count == 1 {
            try destination.point(to: shares[0].instance, plan, session.transaction, span)
            return nil
        }
        guard span == .severalInstances else {
            throw Destination.severalInstances(shares.map(\.instance), destination.segments, span)
        }
        let request = try ScatterRequest(plan)
        guard request.rowsMax == 0 else { throw .returnedInParts }
        let shared = SharedInsert(plan, request, shares, bytesMax: limits.scatterBytesMax)
        return PendingInsert(shared: shared, legs: try shared.plans(insert))
    }
}

/// A shared insert that waits for its gates.
struct PendingInsert {
    let shared: SharedInsert
    let legs: [(leg: Destination.Leg, plan: BatchPlan)]
}

extension BatchFailure {
    static func tooManyReturned(_ bytesMax: Int) -> BatchFailure {
        BatchFailure(
            SQLState("54000"), "the rows that an INSERT into several segments returns have more than \(bytesMax) bytes",
            hint: "Insert fewer rows at once, or return fewer columns.")
    }

    static let returnedInParts = BatchFailure(
        .featureNotSupported, "the rows that an INSERT into several segments returns are sent all at once",
        hint: "Execute it without a limit of rows.")
}
