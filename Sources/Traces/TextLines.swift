// Reads a file line by line in constant memory. Lines end with LF or CRLF; a byte order mark is skipped.

#if canImport(Glibc)
    import Glibc
#endif

/// The lines of a text file, one at a time.
struct TextLines: ~Copyable {
    static let lineBytesMax = 64 * 1024

    private let descriptor: Int32
    private let file: String
    private var buffer: [UInt8] = []
    private var position = 0
    private var isAtEnd = false
    private(set) var lineNumber = 0

    init(path: String) throws(TraceError) {
        file = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw TraceError(
                code: .cannotOpen,
                file: path,
                line: 0,
                column: nil,
                message: "cannot be opened (\(String(cString: strerror(errno)))): check the path and its permissions"
            )
        }
    }

    deinit { close(descriptor) }

    /// The next line without its end; nil after the last.
    mutating func next() throws(TraceError) -> String? {
        while true {
            if let end = buffer[position...].firstIndex(of: UInt8(ascii: "\n")) { return try line(upTo: end, after: 1) }
            if isAtEnd { return position < buffer.count ? try line(upTo: buffer.count, after: 0) : nil }
            guard buffer.count - position <= Self.lineBytesMax else {
                throw failure(.lineTooLong, "is longer than \(Self.lineBytesMax) bytes: is this a CSV file?")
            }
            try fill()
        }
    }

    private mutating func line(upTo end: Int, after separator: Int) throws(TraceError) -> String {
        var bytes = buffer[position..<end]
        position = end + separator
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        if lineNumber == 0, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw failure(.notText, "is not UTF-8 text")
        }
        lineNumber += 1
        return text
    }

    private mutating func fill() throws(TraceError) {
        buffer.removeFirst(position)
        position = 0
        let used = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: Self.lineBytesMax))
        let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + used, Self.lineBytesMax) }
        guard count >= 0 else {
            throw failure(.cannotRead, "cannot be read (\(String(cString: strerror(errno))))")
        }
        buffer.removeLast(Self.lineBytesMax - count)
        isAtEnd = count == 0
    }

    private func failure(_ code: TraceError.Code, _ message: String) -> TraceError {
        TraceError(code: code, file: file, line: lineNumber + 1, column: nil, message: message)
    }
}
