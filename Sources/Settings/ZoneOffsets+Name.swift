// A time zone's changes of the clock, read once from the system's time zone data, so that nothing that forecasts asks
// the system.

import ClusterModel
import Forecasting
import Foundation

extension ZoneOffsets {
    /// 1990 to 2100: no trace is older, and laws are not made further ahead.
    private static let years = (first: Timestamp(seconds: 631_152_000), last: Timestamp(seconds: 4_102_444_800))
    /// No two changes of a zone lie closer together.
    private static let apart = Duration.seconds(7 * 86_400)

    /// Nil when the system does not know the name. IANA names, such as `Europe/Berlin`.
    package init?(named name: String) {
        guard let zone = TimeZone(identifier: name) else { return nil }
        func offset(_ time: Timestamp) -> Duration {
            .seconds(zone.secondsFromGMT(for: Date(timeIntervalSince1970: time.seconds)))
        }
        var changes: [Change] = []
        var time = Self.years.first
        while time < Self.years.last {
            let next = time + Self.apart
            if offset(time) != offset(next) {
                let at = Self.firstSecond(after: time, notAfter: next) { offset($0) == offset(next) }
                changes.append(Change(at: at, offset: offset(next)))
            }
            time = next
        }
        self.init(first: offset(Self.years.first), changes: changes)
    }

    /// The first second for which `holds`, which does from there on.
    private static func firstSecond(
        after start: Timestamp, notAfter end: Timestamp, _ holds: (Timestamp) -> Bool
    ) -> Timestamp {
        var (low, high) = (start.milliseconds / 1000, end.milliseconds / 1000)
        while low + 1 < high {
            let middle = (low + high) / 2
            if holds(Timestamp(seconds: middle)) { high = middle } else { low = middle }
        }
        return Timestamp(seconds: high)
    }
}
