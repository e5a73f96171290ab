// What a read of several segments sends: the inquiry, the parts and the merging statement, each as messages of the
// extended protocol with the answers that belong to them.
import NIOCore
import SQLAnalysis
import WireProtocol

extension ScatterRead {
    typealias Messages = (messages: [FrontendMessage], expected: [ExpectedAnswer])

    /// Parses and describes the client's own statement, whose errors are thus the client's own; then asks the catalog.
    func inquiryMessages() -> Messages {
        var (messages, expected) = described(request.sql, types: request.parameterTypes)
        if let sql = plan.inquiry.sql {
            let facts = executed(sql, types: [], formats: [], parameters: [], resultFormats: [], describes: false)
            messages += facts.messages
            expected += facts.expected
        }
        messages.append(.sync)
        expected.append(.ready(isVisible: true))
        return (messages, expected)
    }

    /// Describes the part, which need not have all parameters of the statement: so their types must be known.
    func typeMessages() -> Messages {
        var part = described(plan.anyPart, types: partTypes)
        part.messages.append(.sync)
        part.expected.append(.ready(isVisible: true))
        return part
    }

    /// The types in the inquiry's answer are such that the parts can be merged.
    func checkInquiry() throws(BatchFailure) {
        guard let query = plan.merge.query else { return }
        guard partDescription.count >= query.columnCount else { throw .malformedPart }
        let types = partDescription.suffix(query.columnCount).map(\.typeOID)
        do throws(Refusal) {
            _ = try plan.mergeSQL(columnTypes: types, firstParameter: parameterOIDs.count + 1)
        } catch {
            throw BatchFailure(error)
        }
        let keepsRows = if case .order = plan.merge { true } else { false }
        rows = PartRows(columnOIDs: types, keepsRows: keepsRows)
    }

    /// The formats in which the parts give their columns.
    func partFormats() throws(BatchFailure) -> [Int16] {
        guard let query = plan.merge.query else { return request.resultFormats }
        guard let formats = request.formats(columns: description.count) else {
            throw BatchFailure(
                .protocolViolation,
                "bind message has \(request.resultFormats.count) result formats but query has \(description.count) columns"
            )
        }
        description = description.withFormats(formats)
        guard case .order = plan.merge else { return [1] }
        return formats + [Int16](repeating: 1, count: query.columnCount)
    }

    func partMessages(_ sql: String, _ formats: [Int16]) -> Messages {
        var part = executed(
            sql, types: partTypes, formats: request.parameterFormats, parameters: request.parameters,
            resultFormats: formats, describes: true)
        part.messages.append(.sync)
        part.expected.append(.ready(isVisible: true))
        return part
    }

    /// - Throws: for types that cannot be merged.
    func mergeMessages() throws(BatchFailure) -> Messages {
        guard let query = plan.merge.query else { throw .malformedPart }
        let types = partDescription.suffix(query.columnCount).map(\.typeOID)
        let sql: String
        do throws(Refusal) {
            sql = try plan.mergeSQL(columnTypes: types, firstParameter: parameterOIDs.count + 1) ?? ""
        } catch {
            throw BatchFailure(error)
        }
        let arrays = rows.takeParameters()
        let isOrder = if case .order = plan.merge { true } else { false }
        var merge = executed(
            sql, types: partTypes + rows.parameterOIDs,
            formats: request.formatsOfParameters + [Int16](repeating: 1, count: arrays.count),
            parameters: request.parameters + arrays, resultFormats: isOrder ? [1] : request.resultFormats,
            describes: false)
        merge.messages.append(.sync)
        merge.expected.append(.ready(isVisible: true))
        return merge
    }

    /// The parameters' types, as the whole statement gave them where it was asked: not all of them need stand in a part.
    private var partTypes: [UInt32] {
        guard !parameterOIDs.isEmpty else { return request.parameterTypes }
        return parameterOIDs.enumerated().map { index, type in
            guard type >= Self.firstUserOID else { return type }
            return index < request.parameterTypes.count ? request.parameterTypes[index] : 0
        }
    }

    private func described(_ sql: String, types: [UInt32]) -> Messages {
        let statement = statement(sql, types)
        return (
            [
                .parse(.init(statement: "", sql: sql, parameterTypes: types)),
                .describe(.statement, name: ""),
            ], [.parse(statement, clientName: nil), .describeStatement]
        )
    }

    private func executed(
        _ sql: String, types: [UInt32], formats: [Int16], parameters: [ByteBuffer?], resultFormats: [Int16],
        describes: Bool
    ) -> Messages {
        var messages: [FrontendMessage] = [
            .parse(.init(statement: "", sql: sql, parameterTypes: types)),
            .bind(
                .init(
                    portal: "", statement: "", parameterFormats: formats, parameters: parameters,
                    resultFormats: resultFormats)),
        ]
        var expected: [ExpectedAnswer] = [.parse(statement(sql, types), clientName: nil), .bind]
        if describes {
            messages.append(.describe(.portal, name: ""))
            expected.append(.describePortal)
        }
        messages.append(.execute(portal: "", rowsMax: 0))
        expected.append(.execute)
        return (messages, expected)
    }

    private func statement(_ sql: String, _ types: [UInt32]) -> PreparedStatement {
        PreparedStatement(globalName: "", sql: sql, parameterTypes: types, analysis: request.analysis)
    }
}
