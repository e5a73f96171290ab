// From frames to a batch, and from a batch to its plan.
import NIOCore
import WireProtocol

extension ClientConnection {
    /// Always true: reading goes on as far as the stage allows.
    func received(_ frame: Frame) -> Bool {
        guard let kind = FrontendMessage.Kind(rawValue: frame.type) else {
            return violated("invalid frontend message type \(frame.type)")
        }
        if case .discarding = stage { return discarded(frame, kind) }
        switch kind {
        case .query:
            add(frame)
            return endBatch(.query)
        case .parse, .bind, .describe, .execute, .close:
            add(frame)
            guard batch.frames.count <= limits.batchMessagesMax, batch.bytes <= limits.batchBytesMax else {
                return violated("too many messages without Sync")
            }
            return true
        case .sync: return endBatch(.sync)
        case .flush: return batch.frames.isEmpty ? true : endBatch(.flush)
        case .terminate:
            close(.clientTerminated)
            return true
        case .functionCall: return refuseFunctionCall()
        // Left over from a COPY that failed, as PostgreSQL has it.
        case .copyData, .copyDone, .copyFail: return true
        case .authentication: return violated("unexpected authentication message")
        }
    }

    func copyReceived(_ frame: Frame, at backend: BackendConnection) -> Bool {
        guard let kind = FrontendMessage.Kind(rawValue: frame.type) else {
            return violated("invalid frontend message type \(frame.type)")
        }
        if kind == .terminate {
            close(.clientTerminated)
            return true
        }
        guard backend.copyReceived(frame, kind) else { return violated("unexpected message during COPY from stdin") }
        usage.bytes += frame.bytes.readableBytes
        return true
    }

    private func add(_ frame: Frame) {
        if batch.frames.isEmpty { arrivedAt = plane.now }
        batch.frames.append(frame)
        batch.bytes += frame.bytes.readableBytes
    }

    private func violated(_ message: String) -> Bool {
        closeWithError(
            .clientProtocolError, ServerMessage(severity: "FATAL", sqlState: .protocolViolation, message: message))
        return true
    }

    private func discarded(_ frame: Frame, _ kind: FrontendMessage.Kind) -> Bool {
        switch kind {
        case .sync:
            stage = .reading
            return endBatch(.sync)
        case .terminate: close(.clientTerminated)
        case .query, .parse, .bind, .describe, .execute, .close, .flush, .copyData, .copyDone, .copyFail,
            .authentication, .functionCall:
            break
        }
        return true
    }

    private func refuseFunctionCall() -> Bool {
        batch.end = .query
        failBatch(
            BatchFailure(.featureNotSupported, "function calls do not go through the router", hint: "Use SELECT."))
        return true
    }

    func endBatch(_ end: ClientBatch.End) -> Bool {
        batch.end = end
        if batch.frames.isEmpty { arrivedAt = plane.now }
        plane.counters.batches += 1
        usage = BatchUsage()
        isAnswering = false
        segments.removeAll(keepingCapacity: true)
        do throws(BatchFailure) {
            let plan = try session.batchReceived(batch, &plane.surroundings)
            usage.statements = plan.statementCount
            usage.bytes = plan.bytes
            dispatch(plan, isNew: true)
        } catch {
            failBatch(error)
        }
        return true
    }
}
