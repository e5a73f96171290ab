// What a move calls its objects on the instances. Names are derived from the move and the segment alone, so a successor
// finds them without memory, and carry the prefix `foreshard_` (or live in schema `foreshard`) so that nobody wonders.
// Invariant: every name fits PostgreSQL's 63 bytes and a slot's alphabet (lower-case letters, digits, `_`).
import ClusterModel

/// Which of the two streams: the forward one carries A's changes to B.
package enum StreamDirection: String, Sendable, CaseIterable {
    case forward = "fwd"
    case reverse = "rev"

    /// The side whose changes it carries: publication and slot are there, the subscription is on the other.
    package var publisher: Side { self == .forward ? .source : .target }

    package static func from(_ publisher: Side) -> StreamDirection { publisher == .source ? .forward : .reverse }
}

package struct MoveNames: Sendable, Hashable {
    package static let moveIDLengthMax = 40
    /// "FSHD": the class of our advisory locks.
    package static let lockClass: Int32 = 0x4653_4844

    package let move: MoveID
    package let segment: SegmentID

    package init(_ order: MoveOrder) {
        move = order.id
        segment = order.segment.id
    }

    /// Whether an identifier is usable in names as it is.
    package static func isUsable(_ id: MoveID) -> Bool {
        (1...moveIDLengthMax).contains(id.text.utf8.count) && id.text.utf8.allSatisfy(isNameByte)
    }

    /// The publication, the slot, the subscription and the tokens of a stream share one name.
    package func stream(_ direction: StreamDirection) -> String { "foreshard_\(move)_\(direction.rawValue)" }

    package var guardTrigger: String { "foreshard_\(move)" }

    /// Our connections' `application_name`: a successor ends its predecessor's by it.
    package var application: String { "foreshard move \(move)" }

    /// Readable where the segment's name is, unique always.
    package var register: String {
        let readable = segment.text.lowercased().utf8.prefix(40).map { byte in
            Self.isNameByte(byte) ? Character(Unicode.Scalar(byte)) : "_"
        }
        let digest = String(UInt32(bitPattern: lockKey), radix: 16)
        return "register_\(String(readable))_\(digest)"
    }

    /// The segment's advisory lock: FNV-1a. Two segments with one key would only wait for each other.
    package var lockKey: Int32 {
        let hash = segment.text.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return Int32(bitPattern: hash)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
