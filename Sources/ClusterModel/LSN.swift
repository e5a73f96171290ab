/// A position in an instance's write-ahead log, in bytes; printed as PostgreSQL prints `pg_lsn` (`16/B374D848`).
package struct LSN: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let position: UInt64

    package init(_ position: UInt64) { self.position = position }

    /// Parses `X/Y`, both hexadecimal; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, let high = UInt32(halves[0], radix: 16), let low = UInt32(halves[1], radix: 16) else {
            return nil
        }
        position = UInt64(high) << 32 | UInt64(low)
    }

    package static func < (a: LSN, b: LSN) -> Bool { a.position < b.position }

    package var description: String {
        String(position >> 32, radix: 16, uppercase: true) + "/"
            + String(position & 0xFFFF_FFFF, radix: 16, uppercase: true)
    }
}
