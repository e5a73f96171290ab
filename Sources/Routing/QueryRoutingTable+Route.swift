import ClusterModel
import SQLAnalysis

// The decision for one statement. Keys are hashed where they lie, in the literal or in the bound bytes; the decision
// itself was made with the table. So routing allocates nothing, except for text keys longer than 15 bytes.

extension QueryRoutingTable {
    package func route(_ statement: AnalyzedStatement, parameters: [ParameterValue] = []) -> RouteDecision {
        switch statement.target {
        case .anywhere: return .noTable
        case .unsharded(on: let instance): return .unsharded(on: instance)
        case .refused(let refusal): return .refused(refusal)
        case .scattered(let plan):
            guard let ring = rings.first(where: { $0.group.id == plan.group }) else {
                return .refused(.unknownGroup(plan.group))
            }
            return ring.segments.count == 1 ? ring.decisions[0] : .several(Scatter(ring.segments, plan: plan, self))
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
        var other: Int?
        var isSeveral = false
        try forEachIndex(of: keys, in: ring, statement, parameters) { index throws(Refusal) in
            if let found, found != index {
                guard statement.kind != .insert else {
                    other = index
                    return
                }
                guard statement.kind == .select, !statement.isWrite else {
                    throw .severalSegments(ring.segments[found].id, ring.segments[index].id)
                }
                isSeveral = true
            }
            found = index
        }
        if let found, let other { return .rows(ring.segments[found].id, ring.segments[other].id) }
        if isSeveral {
            var indices: Set<Int> = []
            try forEachIndex(of: keys, in: ring, statement, parameters) { index in indices.insert(index) }
            return .several(Scatter(indices.sorted().map { ring.segments[$0] }, plan: nil, self))
        }
        return found.map { ring.decisions[$0] } ?? .noRow
    }

    /// Calls `body` with the index of the segment of every key that a row can have.
    @inline(__always)
    func forEachIndex(
        of keys: [KeyExpression],
        in ring: GroupRing,
        _ statement: AnalyzedStatement,
        _ parameters: [ParameterValue],
        _ body: (Int) throws(Refusal) -> Void
    ) throws(Refusal) {
        for key in keys {
            if case .elements(ofParameter: let number) = key {
                try forEachElement(of: number, in: ring, parameters, body)
            } else if let index = try index(of: key, in: ring, statement, parameters) {
                try body(index)
            }
        }
    }

    private func forEachElement(
        of number: Int, in ring: GroupRing, _ parameters: [ParameterValue], _ body: (Int) throws(Refusal) -> Void
    ) throws(Refusal) {
        guard number >= 1, number <= parameters.count else { throw .unboundParameter(number, parameters.count) }
        for position in try positions(ofElementsOf: parameters[number - 1], ring.group.keyType) {
            try body(ring.index(of: position))
        }
    }

    /// Without NULLs and what is beyond the key's type: they are equal to no key.
    private func positions(
        ofElementsOf array: ParameterValue, _ type: ShardKeyType
    ) throws(Refusal) -> [Int64] {
        var positions: [Int64] = []
        do throws(ShardKeyError) {
            for element in try ArrayElements.read(array) {
                do throws(ShardKeyError) {
                    if let position = try position(of: element, type) { positions.append(position) }
                } catch {
                    guard error.code == .outOfRange else { throw error }
                }
            }
        } catch {
            throw error.code == .malformed ? .invalidKey(.malformedArray(of: type), type) : .invalidKey(error, type)
        }
        return positions
    }

    /// The index of the segment that a key lies in; nil for a key that no row has.
    @inline(__always)
    private func index(
        of key: KeyExpression,
        in ring: GroupRing,
        _ statement: AnalyzedStatement,
        _ parameters: [ParameterValue]
    ) throws(Refusal) -> Int? {
        switch try place(of: key, ring.group.keyType, parameters) {
        case .at(let position): ring.index(of: position)
        case .null where statement.insertsRows: throw .nullKey(ring.group.id)
        case .null, .beyondType: nil
        }
    }

    /// Of a type that is not known, text keys and binary values could mean something else to the server.
    func checkTypes(
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

    /// Where a key lies.
    private enum KeyPlace {
        case at(Int64)
        /// Equal to no row's key.
        case null
        /// Larger than any integer: no row has it, and the instance says so itself where that is an error.
        case beyondType
    }

    private func place(
        of key: KeyExpression,
        _ type: ShardKeyType,
        _ parameters: [ParameterValue]
    ) throws(Refusal) -> KeyPlace {
        do throws(ShardKeyError) {
            switch key {
            case .null, .elements: return .null
            case .literal(let text): return .at(try ShardKey(parsing: text, as: type).position)
            case .parameter(let number) where number > parameters.count || number < 1: break
            case .parameter(let number): return try position(of: parameters[number - 1], type).map { .at($0) } ?? .null
            }
        } catch {
            if error.code == .outOfRange { return .beyondType }
            throw .invalidKey(error, type)
        }
        guard case .parameter(let number) = key else { return .null }
        throw .unboundParameter(number, parameters.count)
    }

    /// Nil for NULL.
    private func position(of parameter: ParameterValue, _ type: ShardKeyType) throws(ShardKeyError) -> Int64? {
        guard let bytes = parameter.bytes else { return nil }
        return try bytes.withUnsafeBufferPointer { buffer in
            Result { () throws(ShardKeyError) in
                try ShardKey(buffer, parameter.format, typeOID: parameter.typeOID, as: type).position
            }
        }.get()
    }
}
