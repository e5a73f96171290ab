import ClusterModel
import SQLAnalysis

// The decision for one statement. Keys are hashed where they lie, in the literal or in the bound bytes; the decision
// itself was made with the table. So routing allocates nothing, except for text keys longer than 15 bytes.

extension QueryRoutingTable {
    package func route(_ statement: AnalyzedStatement, parameters: [ParameterValue] = []) -> RouteDecision {
        switch statement.target {
        case .anywhere: return .noTable
        case .refused(let refusal): return .refused(refusal)
        case .keyed(let group, let keys):
            do throws(Refusal) {
                return try route(statement, keys, in: group, parameters)
            } catch {
                return .refused(error)
            }
        }
    }

    private func route(
        _ statement: AnalyzedStatement,
        _ keys: [KeyExpression],
        in group: GroupID,
        _ parameters: [ParameterValue]
    ) throws(Refusal) -> RouteDecision {
        guard let ring = rings.first(where: { $0.group.id == group }) else { throw .unknownGroup(group) }
        try checkTypes(statement.looselyTypedParameters, ring.group.keyType, parameters)
        var found: Int?
        for key in keys {
            guard let position = try position(of: key, ring.group.keyType, parameters) else {
                if statement.insertsRows { throw .nullKey(group) }
                continue
            }
            let index = ring.index(of: position)
            if let found, found != index {
                throw .severalSegments(ring.segments[found].id, ring.segments[index].id)
            }
            found = index
        }
        return found.map { ring.decisions[$0] } ?? .noRow
    }

    /// Of a type that is not known, text keys and binary values could mean something else to the server.
    private func checkTypes(
        _ numbers: [Int],
        _ type: ShardKeyType,
        _ parameters: [ParameterValue]
    ) throws(Refusal) {
        for number in numbers where number <= parameters.count {
            let parameter = parameters[number - 1]
            guard !parameter.hasDeclaredType, parameter.format == .binary || type == .text else { continue }
            throw .looselyTyped(number, type)
        }
    }

    /// Nil for NULL.
    private func position(
        of key: KeyExpression,
        _ type: ShardKeyType,
        _ parameters: [ParameterValue]
    ) throws(Refusal) -> Int64? {
        do throws(ShardKeyError) {
            switch key {
            case .null: return nil
            case .literal(let text): return try ShardKey(parsing: text, as: type).position
            case .parameter(let number) where number > parameters.count || number < 1: break
            case .parameter(let number): return try position(of: parameters[number - 1], type)
            }
        } catch {
            throw .invalidKey(error, type)
        }
        guard case .parameter(let number) = key else { return nil }
        throw .unboundParameter(number, parameters.count)
    }

    private func position(of parameter: ParameterValue, _ type: ShardKeyType) throws(ShardKeyError) -> Int64? {
        guard let bytes = parameter.bytes else { return nil }
        return try bytes.withUnsafeBufferPointer { buffer in
            Result { () throws(ShardKeyError) in
                try ShardKey(buffer, parameter.format, typeOID: parameter.typeOID, as: type).position
            }
        }.get()
    }
}
