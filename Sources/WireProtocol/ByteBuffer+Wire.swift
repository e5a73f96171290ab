// The protocol's few shapes: zero-terminated strings, counted lists, values with -1 for NULL, self-counting frames.
import NIOCore

extension ByteBuffer {
    /// Bytes that are not UTF-8 are replaced: for texts that are only shown, as a server's messages before it knows the
    /// client's encoding.
    package mutating func readCString() -> String? {
        readCStringBytes().map { String(decoding: $0, as: UTF8.self) }
    }

    /// A text with a meaning: what was replaced in it would be stored, or name something else.
    mutating func readUTF8CString() throws(WireError) -> String? {
        guard let bytes = readCStringBytes() else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw WireError(.encodingInvalid, "invalid byte sequence for encoding \"UTF8\"")
        }
        return text
    }

    private mutating func readCStringBytes() -> ByteBufferView? {
        guard let end = readableBytesView.firstIndex(of: 0), let bytes = readSlice(length: end - readerIndex) else {
            return nil
        }
        moveReaderIndex(forwardBy: 1)
        return bytes.readableBytesView
    }

    package mutating func writeCString(_ text: String) {
        writeString(text)
        writeInteger(UInt8(0))
    }

    /// A count that a list with items of at least `bytesEach` bytes can have; nil when it is negative or cannot fit.
    package mutating func readCount(bytesEach: Int) -> Int? {
        guard let count = readInteger(as: UInt16.self).map(Int.init), count * bytesEach <= readableBytes else {
            return nil
        }
        return count
    }

    /// A value with a 32-bit length; `.some(nil)` is NULL, nil is malformed.
    package mutating func readValue() -> ByteBuffer?? {
        guard let length = readInteger(as: Int32.self) else { return nil }
        if length == -1 { return .some(nil) }
        guard length >= 0, let value = readSlice(length: Int(length)) else { return nil }
        return .some(value)
    }

    mutating func writeValue(_ value: ByteBuffer?) {
        guard let value else {
            writeInteger(Int32(-1))
            return
        }
        writeInteger(Int32(value.readableBytes))
        writeImmutableBuffer(value)
    }

    /// A list of values, each with a 32-bit length, after a 16-bit count.
    mutating func readValues() -> [ByteBuffer?]? {
        guard let count = readCount(bytesEach: 4) else { return nil }
        var values: [ByteBuffer?] = []
        values.reserveCapacity(count)
        for _ in 0..<count {
            guard let value = readValue() else { return nil }
            values.append(value)
        }
        return values
    }

    package mutating func readList<T: FixedWidthInteger>(of: T.Type) -> [T]? {
        guard let count = readCount(bytesEach: MemoryLayout<T>.size) else { return nil }
        return (0..<count).compactMap { _ in readInteger(as: T.self) }
    }

    mutating func writeList<T: FixedWidthInteger>(_ list: [T]) {
        writeInteger(UInt16(list.count))
        for item in list { writeInteger(item) }
    }

    /// Writes a frame: the type, a length that is filled in afterwards, and what `body` writes.
    package mutating func writeFrame(_ type: UInt8, _ body: (inout ByteBuffer) -> Void = { _ in }) {
        writeInteger(type)
        let lengthIndex = writerIndex
        writeInteger(Int32(0))
        body(&self)
        setInteger(Int32(writerIndex - lengthIndex), at: lengthIndex)
    }
}
