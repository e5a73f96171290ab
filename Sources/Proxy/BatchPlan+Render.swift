// A plan becomes bytes at a connection: only here is it known what the connection has prepared.
import NIOCore
import WireProtocol

extension BatchPlan {
    /// The bytes to send; `expect` is called for each answer, in order.
    func render(
        _ prepared: inout ConnectionStatements, _ unnamed: inout PreparedStatement?, allocator: ByteBufferAllocator,
        expect: (ExpectedAnswer) -> Void
    ) -> ByteBuffer {
        if isSimple, case .send(let bytes, let answer)? = steps.first {
            unnamed = nil
            expect(answer)
            return bytes
        }
        var out = allocator.buffer(capacity: bytes + 64)
        for step in steps {
            switch step {
            case .answer(let bytes): expect(.local(bytes))
            case .send(let bytes, let answer):
                out.writeImmutableBuffer(bytes)
                expect(answer)
            case .parse(let statement, let clientName):
                if !statement.globalName.isEmpty, prepared.used(statement.globalName) {
                    expect(.local(RouterAnswers.parseComplete))
                } else {
                    prepare(statement, clientName, &prepared, &unnamed, &out, expect)
                }
            case .ensure(let statement):
                let isThere = statement.globalName.isEmpty ? unnamed === statement : prepared.used(statement.globalName)
                if !isThere { prepare(statement, nil, &prepared, &unnamed, &out, expect) }
            }
        }
        writeEnd(&out, expect)
        return out
    }

    private func prepare(
        _ statement: PreparedStatement, _ clientName: String?, _ prepared: inout ConnectionStatements,
        _ unnamed: inout PreparedStatement?, _ out: inout ByteBuffer, _ expect: (ExpectedAnswer) -> Void
    ) {
        if statement.globalName.isEmpty {
            unnamed = statement
        } else if let evicted = prepared.prepared(statement.globalName) {
            FrontendMessage.close(.statement, name: evicted).write(into: &out)
            expect(.close(isVisible: false))
        }
        out.writeImmutableBuffer(statement.parseFrame)
        expect(.parse(statement, clientName: clientName))
    }

    private func writeEnd(_ out: inout ByteBuffer, _ expect: (ExpectedAnswer) -> Void) {
        switch end {
        case .ready:
            out.writeImmutableBuffer(RouterAnswers.sync)
            expect(.ready(isVisible: true))
        case .readyFromRouter, .flushWithSync, .leg:
            out.writeImmutableBuffer(RouterAnswers.sync)
            expect(.ready(isVisible: false))
        case .flush: out.writeImmutableBuffer(RouterAnswers.flush)
        }
    }
}
