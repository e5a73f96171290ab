// What a log is recognised by. Its first line tells it from others (a time, a process, a session); the bytes read so
// far, up to 64 kB, tell it from one with an equal first line. So a log that was renamed, moved or compressed is the
// same one, and a file of the same name with other text is another.

import ClusterModel

struct LogHead {
    static let bytesMax = 1 << 16

    /// The first bytes of the text, up to `bytesMax`.
    let bytes: [UInt8]
    /// With its newline; 0 while the first line has no end.
    let firstLineBytes: Int

    init(_ file: LogFile) throws {
        var bytes = [UInt8](repeating: 0, count: Self.bytesMax)
        var filled = 0
        try bytes.withUnsafeMutableBytes { buffer in
            while filled < buffer.count {
                let count = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
                if count == 0 { break }
                filled += count
            }
        }
        bytes.removeLast(bytes.count - filled)
        self.init(bytes)
    }

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        firstLineBytes = (bytes.firstIndex(of: .newline) ?? -1) + 1
    }

    /// The names that the log may have been stored under: the first one, unless logs with an equal first line took it.
    func name(_ number: Int) -> String {
        let (low, high) = bytes.withUnsafeBytes { buffer in
            let line = buffer.part(0, firstLineBytes)
            return (line.storedHash(), line.storedHash(seed: 0x9AE1_6A3B_2F90_404F))
        }
        return "postgresql-log:\(Self.hexadecimal(low))\(Self.hexadecimal(high))" + (number > 0 ? "-\(number)" : "")
    }

    /// The hash of the first `count` bytes.
    func hash(of count: Int) -> Int64 {
        bytes.withUnsafeBytes { Int64(bitPattern: $0.part(0, min(count, $0.count)).storedHash()) }
    }

    /// Whether a log that was stored begins as this one. One that is shorter now was cut off; it is still the same.
    func isBeginning(of state: ImportState) -> Bool {
        bytes.count < state.headBytes || hash(of: state.headBytes) == state.headHash
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
