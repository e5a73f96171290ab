// The driver of a read of several segments: it obeys ScatterStateMachine, sends each instance its messages, and hands
// rows to the client or keeps them for the merging statement. Everything is on the data plane's loop.
import ClusterModel
import NIOCore
import Routing
import SQLAnalysis
import WireProtocol

final class ScatterRead {
    let batch: BatchPlan
    let request: ScatterRequest
    let plan: ScatterPlan
    let parts: [ScatterPart]
    /// Its connections are the branches of the client's transaction, before it and after it.
    let isInBlock: Bool
    private var machine: ScatterStateMachine
    /// Broken when the read ends.
    private var client: ClientConnection?
    private let limits: ProxyConfiguration.Limits

    // What the first instance said.
    var parameterOIDs: [UInt32] = []
    var description: [BackendMessage.Column] = []
    var partDescription: [BackendMessage.Column] = []
    var described = 0

    // What the parts said.
    var rows = PartRows(columnOIDs: [], keepsRows: false)
    private var rowCount = 0
    private var hasOpened = false

    init(
        _ batch: BatchPlan, _ request: ScatterRequest, _ plan: ScatterPlan, _ scatter: Scatter,
        for client: ClientConnection
    ) {
        self.batch = batch
        self.request = request
        self.plan = plan
        self.client = client
        isInBlock = client.session.transaction.phase != .none
        limits = client.limits
        parts = scatter.parts.map { ScatterPart($0, messageBytesMax: client.limits.scatterBytesMax) }
        let merges = plan.merge != .none
        machine = ScatterStateMachine(
            partCount: parts.count, inquiries: merges ? 2 : plan.inquiry.isEmpty ? 0 : 1, merges: merges)
    }

    func start() { obey(machine.started()) }

    private func obey(_ action: ScatterStateMachine.Action) {
        guard let client else { return }
        switch action {
        case .lease(let index): client.leasePart(of: self, at: parts[index].instance)
        case .inquire: send(described == 0 ? inquiryMessages() : typeMessages(), to: parts[0], as: .inquiring)
        case .read: sendParts()
        case .merge: sendMerge()
        case .finish: finish()
        case .none: break
        }
    }

    // MARK: Connections

    func granted(_ backend: BackendConnection, by pool: InstancePool, settings: SessionSettings) {
        guard let client, let part = parts.first(where: { $0.backend == nil }) else {
            preconditionFailure("a connection is granted to a read that has all of its own")
        }
        part.granted(backend, by: pool, for: self, prelude: isInBlock ? client.branchPrelude : nil)
        guard backend.settings == settings else {
            backend.settings = settings
            client.plane.counters.settingsApplied += 1
            part.stage = .preparing
            return backend.sendSilently(settings.sql)
        }
        prepared(part)
    }

    /// The connection is a branch of the transaction already.
    func joined(_ backend: BackendConnection, of pool: InstancePool) {
        guard let part = parts.first(where: { $0.backend == nil }) else {
            preconditionFailure("a connection joins a read that has all of its own")
        }
        part.granted(backend, by: pool, for: self)
        obey(machine.leased())
    }

    private func prepared(_ part: ScatterPart) {
        guard !part.joinsBlock() else {
            // What the block has set, another session has not.
            if client?.session.transaction.prelude.count ?? 0 > 1 { part.backend?.settings = nil }
            return
        }
        part.stage = .idle
        obey(machine.leased())
    }

    func becameQuiet(_ part: ScatterPart) {
        guard let client else { return }
        switch part.stage {
        case .preparing: prepared(part)
        case .inquiring, .reading, .merging:
            part.measured(until: client.plane.now)
            part.stage = .idle
            obey(machine.answered())
        // A notice between two answers.
        case .idle, .waiting: break
        }
    }

    func lost(_ part: ScatterPart) {
        failed(
            BatchFailure(
                .connectionFailure,
                "instance \(part.instance) closed the connection while it worked on a read of several segments",
                hint: "Run the statement again."))
    }

    func cancel() {
        guard let client else { return }
        for part in parts { if let backend = part.backend, !backend.machine.isQuiet { client.cancel(at: backend) } }
    }

    /// Ends the read without an answer; the client has it already, or is gone.
    func abandon() {
        _ = machine.failed()
        releaseAll()
    }

    private func releaseAll() {
        guard let client else { return }
        self.client = nil
        for part in parts {
            if isInBlock, part.backend != nil { part.leaving = client.takeTouched(on: part.instance) }
            part.release { client.cancel(at: $0) }
        }
    }

    /// All have answered.
    private func handBack() {
        guard isInBlock else { return releaseAll() }
        guard let client else { return }
        self.client = nil
        client.keep(parts.compactMap { $0.handBack() })
    }

    func setReading(_ isReading: Bool) {
        for part in parts { if writesAsItReads(part) { part.backend?.setReading(isReading) } }
    }

    private func writesAsItReads(_ part: ScatterPart) -> Bool {
        switch part.stage {
        case .merging: true
        case .reading: plan.merge == .none
        case .waiting, .preparing, .idle, .inquiring: false
        }
    }

    func flush() { client?.flushIfNeeded() }

    // MARK: Sending

    private func send(
        _ messages: (messages: [FrontendMessage], expected: [ExpectedAnswer]), to part: ScatterPart,
        as stage: ScatterPart.Stage
    ) {
        guard let client else { return }
        part.send(messages.messages, messages.expected, as: stage, at: client.plane.now)
        if !client.isWritable { setReading(false) }
    }

    private func sendParts() {
        do throws(BatchFailure) {
            try checkInquiry()
            let formats = try partFormats()
            for part in parts {
                send(partMessages(plan.part(of: part.segments.map(\.arc)), formats), to: part, as: .reading)
            }
        } catch {
            failed(error)
        }
    }

    private func sendMerge() {
        do throws(BatchFailure) {
            send(try mergeMessages(), to: parts[0], as: .merging)
        } catch {
            failed(error)
        }
    }

    // MARK: Answers

    func received(_ frame: Frame, from part: ScatterPart) {
        guard let kind = BackendMessage.Kind(rawValue: frame.type) else { return }
        do throws(BatchFailure) {
            switch kind {
            case .errorResponse: throw try error(frame, from: part)
            case .noticeResponse: if case .reading = part.stage { client?.relay(frame.bytes) }
            case .rowDescription: try describe(frame, part)
            case .parameterDescription:
                if case .parameterDescription(let types)? = try? BackendMessage(frame), described == 0 {
                    parameterOIDs = types
                }
            case .dataRow: try addRow(frame, part)
            case .parseComplete, .bindComplete, .closeComplete, .commandComplete, .emptyQueryResponse, .noData,
                .portalSuspended, .readyForQuery, .parameterStatus, .authentication, .backendKeyData, .copyInResponse,
                .copyOutResponse, .copyBothResponse, .copyData, .copyDone, .notificationResponse,
                .negotiateProtocolVersion:
                break
            }
        } catch {
            failed(error)
        }
    }

    /// Places in the router's own SQL mean nothing to the client.
    private func error(_ frame: Frame, from part: ScatterPart) throws(BatchFailure) -> BatchFailure {
        guard case .errorResponse(let message)? = try? BackendMessage(frame) else { return .malformed }
        let isOriginal = if case .inquiring = part.stage { described == 0 } else { false }
        return BatchFailure(isOriginal ? message : message.withoutPosition)
    }

    private func describe(_ frame: Frame, _ part: ScatterPart) throws(BatchFailure) {
        guard case .rowDescription(let columns)? = try? BackendMessage(frame) else { throw .malformed }
        switch part.stage {
        case .inquiring:
            if described == 0 { description = columns } else { partDescription = columns }
            described += 1
            return
        case .reading: break
        case .waiting, .preparing, .idle, .merging: return
        }
        if plan.merge == .none, !hasOpened, description.isEmpty { description = columns }
        let expected = plan.merge == .none ? description : partDescription
        guard expected.isEmpty || expected.hasSameRows(as: columns) else {
            throw BatchFailure(
                .featureNotSupported, "the tables of the statement do not have the same columns on all instances",
                hint: "Change the tables on all instances alike.")
        }
        if plan.merge == .none { description = columns.count == 0 ? [] : description.withFormats(of: columns) }
    }

    private func addRow(_ frame: Frame, _ part: ScatterPart) throws(BatchFailure) {
        switch part.stage {
        case .inquiring: throw try inquiryFailure(frame)
        case .reading where plan.merge == .none: write(frame.bytes)
        case .reading:
            guard rows.add(frame) else { throw .malformedPart }
            guard rows.bytes <= limits.scatterBytesMax else { throw .tooMuchToMerge(limits.scatterBytesMax) }
        case .merging:
            guard case .order = plan.merge else { return write(frame.bytes) }
            guard case .dataRow(let values)? = try? BackendMessage(frame), let value = values.first, let value,
                let number = value.getInteger(at: value.readerIndex, as: Int64.self), let row = rows.row(Int(number))
            else { throw .malformedPart }
            write(row)
        case .waiting, .preparing, .idle: break
        }
    }

    /// The inquiry's rows say what stands in the way.
    private func inquiryFailure(_ frame: Frame) throws(BatchFailure) -> BatchFailure {
        guard case .dataRow(let values)? = try? BackendMessage(frame), values.count == 2, let kind = values[0],
            let name = values[1]
        else { return .malformedPart }
        return BatchFailure(Inquiry.refusal(kind: String(buffer: kind), name: String(buffer: name)))
    }

    private func write(_ row: ByteBuffer) {
        open()
        rowCount += 1
        client?.relay(row)
        if rowCount == request.rowsMax { suspend() }
    }

    /// The client has as many rows as it asked for, and its Sync ends the portal: the rest is for nobody.
    private func suspend() {
        guard let client, machine.failed() else { return }
        client.relay(RouterAnswers.encoded(.portalSuspended))
        releaseAll()
        client.scatterEnded(self)
    }

    /// What comes before the rows.
    private func open() {
        guard !hasOpened else { return }
        hasOpened = true
        client?.relay(request.prelude)
        if request.wantsDescription {
            client?.relay(RouterAnswers.encoded(.rowDescription(description)))
        }
    }

    // MARK: The end

    private func finish() {
        guard let client else { return }
        open()
        client.relay(RouterAnswers.encoded(.commandComplete("SELECT \(rowCount)")))
        handBack()
        client.scatterEnded(self)
    }

    func failed(_ failure: BatchFailure) {
        guard let client, machine.failed() else { return }
        releaseAll()
        client.scatterFailed(self, failure)
    }
}

extension BatchFailure {
    static let malformedPart = BatchFailure(.internalError, "an instance sent a malformed part of an answer")

    static func tooMuchToMerge(_ bytesMax: Int) -> BatchFailure {
        BatchFailure(
            SQLState("54000"),
            "the rows to be sorted or grouped over several segments take more than \(bytesMax) bytes",
            hint: "Add a LIMIT or stricter conditions, leave ORDER BY to the application, or restrict the statement to "
                + "one shard key.")
    }
}

extension [BackendMessage.Column] {
    /// Rows of both can be in one answer: types of users have another number on each instance.
    func hasSameRows(as other: Self) -> Bool {
        count == other.count
            && zip(self, other).allSatisfy { a, b in
                a.name == b.name
                    && (a.typeOID == b.typeOID || Swift.min(a.typeOID, b.typeOID) >= ScatterRead.firstUserOID)
            }
    }

    func withFormats(_ formats: [Int16]) -> Self {
        zip(self, formats).map { column, format in
            BackendMessage.Column(
                name: column.name, tableOID: column.tableOID, attribute: column.attribute, typeOID: column.typeOID,
                typeSize: column.typeSize, typeModifier: column.typeModifier, format: format)
        }
    }

    fileprivate func withFormats(of other: Self) -> Self { withFormats(other.map(\.format)) }
}

extension ScatterRead {
    /// Object identifiers from here on are given by each instance (access/transam.h FirstNormalObjectId).
    static let firstUserOID: UInt32 = 16384
}
