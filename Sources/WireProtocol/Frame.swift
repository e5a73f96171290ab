// A frame is one message as it stands on the wire: a type byte, a length that counts itself, a payload.
// The length is checked against a maximum before any of the payload is waited for, so that a peer cannot make the
// router buffer without bound by announcing a long message.
import NIOCore

/// One whole message on the wire, header included.
package struct Frame: Hashable, Sendable {
    package let type: UInt8
    /// The message with its type byte and length.
    package let bytes: ByteBuffer

    package init(type: UInt8, bytes: ByteBuffer) {
        self.type = type
        self.bytes = bytes
    }

    /// What follows the header.
    package var payload: ByteBuffer {
        var rest = bytes
        rest.moveReaderIndex(forwardBy: Frame.headerLength)
        return rest
    }

    package static let headerLength = 5
}

/// Cuts a stream of bytes into frames.
package struct FrameSplitter: Sendable {
    /// The longest frame accepted, in bytes.
    package let lengthMax: Int

    package init(lengthMax: Int) { self.lengthMax = lengthMax }

    /// The next whole frame, taken from the front of `buffer`; nil when more bytes are needed.
    package func next(from buffer: inout ByteBuffer) throws(WireError) -> Frame? {
        guard let type = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self),
            let length = buffer.getInteger(at: buffer.readerIndex + 1, as: Int32.self)
        else { return nil }
        guard length >= 4 else {
            throw WireError(.frameLengthInvalid, "message '\(printable(type))' announces a length of \(length)")
        }
        guard Int(length) < lengthMax else {
            throw WireError(
                .frameTooLong,
                "message '\(printable(type))' of \(length) bytes is longer than the limit of \(lengthMax)"
            )
        }
        guard let bytes = buffer.readSlice(length: Int(length) + 1) else { return nil }
        return Frame(type: type, bytes: bytes)
    }
}

func printable(_ type: UInt8) -> String {
    (0x21...0x7E).contains(type) ? String(UnicodeScalar(type)) : "0x" + String(type, radix: 16)
}
