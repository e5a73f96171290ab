/// Database time per second: seconds of back-end busy time per second of wall time (average active sessions).
package struct Load: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package let activeSessions: Double

    package init(_ activeSessions: Double) { self.activeSessions = activeSessions }

    package static let zero = Load(0)

    package static func < (a: Load, b: Load) -> Bool { a.activeSessions < b.activeSessions }
    package static func + (a: Load, b: Load) -> Load { Load(a.activeSessions + b.activeSessions) }
    package static func - (a: Load, b: Load) -> Load { Load(a.activeSessions - b.activeSessions) }
    package static func * (a: Load, factor: Double) -> Load { Load(a.activeSessions * factor) }
    package static func += (a: inout Load, b: Load) { a = a + b }

    /// Two decimals, without Foundation.
    package var description: String {
        guard activeSessions.isFinite, abs(activeSessions) < 1e15 else { return "\(activeSessions)" }
        let hundredths = Int64((activeSessions * 100).rounded())
        let fraction = String(abs(hundredths) % 100)
        let sign = hundredths < 0 ? "-" : ""
        return "\(sign)\(abs(hundredths) / 100).\(fraction.count == 1 ? "0" + fraction : fraction)"
    }

    package init(from decoder: any Decoder) throws {
        activeSessions = try decoder.singleValueContainer().decode(Double.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(activeSessions)
    }
}
