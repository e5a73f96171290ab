import CPgQuery

// Reading the protobuf-c tree: lists as buffers, names as strings, and the children of a message of any type through
// its descriptor, so that no node type can be forgotten by a walk over the whole tree.

typealias NodePointer = UnsafeMutablePointer<PgQuery__Node>
typealias MessagePointer = UnsafePointer<ProtobufCMessage>

/// A repeated field.
struct NodeList: Sequence {
    private let buffer: UnsafeBufferPointer<NodePointer?>

    init(_ count: Int, _ start: UnsafeMutablePointer<NodePointer?>?) {
        buffer = UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)
    }

    var count: Int { buffer.count }
    var isEmpty: Bool { buffer.isEmpty }
    subscript(index: Int) -> NodePointer? { buffer[index] }

    func makeIterator() -> AnyIterator<NodePointer> {
        var index = 0
        return AnyIterator {
            while index < buffer.count {
                index += 1
                if let node = buffer[index - 1] { return node }
            }
            return nil
        }
    }

    /// The texts of String nodes; nil when another node is among them.
    var names: [String]? {
        var names: [String] = []
        for node in self {
            guard let name = node.stringValue else { return nil }
            names.append(name)
        }
        return names
    }
}

extension NodePointer {
    /// The text of a String node.
    var stringValue: String? {
        pointee.node_case == PG_QUERY__NODE__NODE_STRING ? text(pointee.string.pointee.sval) : nil
    }
}

/// The text of a field; protobuf-c gives absent strings as empty ones.
func text(_ field: UnsafeMutablePointer<CChar>?) -> String { field.map { String(cString: $0) } ?? "" }

extension UnsafePointer<ProtobufCMessage> {
    init(_ node: NodePointer) { self = UnsafeRawPointer(node).assumingMemoryBound(to: ProtobufCMessage.self) }

    /// This message as a Node, when it is one.
    var asNode: NodePointer? {
        guard message_is_node(self) else { return nil }
        return UnsafeMutableRawPointer(mutating: self).assumingMemoryBound(to: PgQuery__Node.self)
    }

    /// The messages directly below this one, in the order of its fields.
    var children: [MessagePointer] {
        // Constants are a union too; nothing below them is of interest.
        if message_is_constant(self) { return [] }
        let descriptor = pointee.descriptor.pointee
        if let node = asNode {
            // All fields of the union lie at one offset; the set one is a pointer to a message.
            guard node.pointee.node_case.rawValue != 0 else { return [] }
            return child(at: Int(descriptor.fields[0].offset)).map { [$0] } ?? []
        }
        var children: [MessagePointer] = []
        for index in 0..<Int(descriptor.n_fields) {
            let field = descriptor.fields[index]
            guard field.type == PROTOBUF_C_TYPE_MESSAGE else { continue }
            if field.label == PROTOBUF_C_LABEL_REPEATED {
                children += elements(at: Int(field.offset), countedAt: Int(field.quantifier_offset))
            } else if let child = child(at: Int(field.offset)) {
                children.append(child)
            }
        }
        return children
    }

    private func child(at offset: Int) -> MessagePointer? {
        UnsafeRawPointer(self).load(fromByteOffset: offset, as: MessagePointer?.self)
    }

    private func elements(at offset: Int, countedAt countOffset: Int) -> [MessagePointer] {
        let raw = UnsafeRawPointer(self)
        let count = raw.load(fromByteOffset: countOffset, as: Int.self)
        let start = raw.load(fromByteOffset: offset, as: UnsafePointer<MessagePointer?>?.self)
        return UnsafeBufferPointer(start: start, count: start == nil ? 0 : count).compactMap { $0 }
    }
}
