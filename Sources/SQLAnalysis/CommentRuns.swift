// PostgreSQL's scanner matches a comment's start together with all operator characters after it, and gives back all but
// the start (scan.l, xcstart). So `/**//**//**/…` takes it a time that grows with the square of the length.

enum CommentRuns {
    /// The most comment starts in one run of operator characters, wherever it stands.
    static func startsMax(in text: UnsafeBufferPointer<UInt8>) -> Int {
        var (starts, most) = (0, 0)
        var previous: UInt8 = 0
        for byte in text {
            if !byte.isOperator {
                starts = 0
            } else if byte == UInt8(ascii: "*"), previous == UInt8(ascii: "/") {
                starts += 1
                most = max(most, starts)
            }
            previous = byte
        }
        return most
    }
}

extension UInt8 {
    fileprivate var isOperator: Bool {
        switch self {
        // ! # % & * + - / < = > ? @ ^ ` | ~
        case 0x21, 0x23, 0x25, 0x26, 0x2A, 0x2B, 0x2D, 0x2F, 0x3C...0x40, 0x5E, 0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}
