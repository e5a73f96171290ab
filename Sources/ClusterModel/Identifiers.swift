// The names of things. Each is a distinct type, so that a segment can never be passed where an instance is meant.
// Invariant: an identifier is an opaque, non-empty string; its text is stable for the life of what it names.

/// A name that is carried as text and compared as text.
package protocol Identifier:
    Hashable, Comparable, Sendable, Codable, CustomStringConvertible, ExpressibleByStringLiteral
{
    var text: String { get }
    init(_ text: String)
}

extension Identifier {
    package init(stringLiteral value: String) { self.init(value) }
    package var description: String { text }
    package static func < (a: Self, b: Self) -> Bool { a.text < b.text }

    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// A PostgreSQL server: `home-1`, `contingent-2`.
package struct InstanceID: Identifier {
    package let text: String
    package init(_ text: String) { self.text = text }
}

/// A set of tables sharded by the same key space.
package struct GroupID: Identifier {
    package let text: String
    package init(_ text: String) { self.text = text }
}

/// One contiguous part of a group's key space: the unit of forecasting, routing and moving.
package struct SegmentID: Identifier {
    package let text: String
    package init(_ text: String) { self.text = text }
}

/// One move of one segment. The text is safe inside an SQL identifier: lower-case letters, digits, `_`.
package struct MoveID: Identifier {
    package let text: String
    package init(_ text: String) { self.text = text }
}

/// A failure domain; contingent capacity is best in another one than the home it relieves.
package struct Zone: Identifier {
    package let text: String
    package init(_ text: String) { self.text = text }
}
