// The times of a log: `2026-11-23 08:00:00.123 CET`. Entries of one hour share all but minutes, seconds and
// milliseconds, so the hour is worked out once.
//
// An abbreviation that stands for one offset is believed. One that is unknown, or stands for several, is read in the
// zone that the user names; without a name the import stops, since an hour's error would teach a wrong forecast.

import ClusterModel
import Foundation

/// Reads times.
struct LogClock {
    /// In the order of `YYYY-MM-DD HH`; then `:MM:SS`.
    private static let hourBytes = 13
    private static let secondsBytes = 19
    private static let zoneBytesMax = 8

    private let zone: TimeZone?
    private var hour: (low: UInt64, high: UInt64, zone: UInt64) = (0, 0, 0)
    private var hourStart: Int64?

    /// - Parameter zoneName: the IANA name of the zone that unclear abbreviations are read in.
    package init(zoneName: String?) throws(LogImportError) {
        guard let zoneName else {
            zone = nil
            return
        }
        guard let zone = TimeZone(identifier: zoneName) else {
            throw LogImportError(
                .unknownTimeZone, "`\(zoneName)` is no time zone: give an IANA name such as Europe/Berlin")
        }
        self.zone = zone
    }

    /// The time at the beginning of `text` and where it ends; nil when there is none.
    @inline(__always)
    mutating func time(_ text: UnsafeRawBufferPointer) throws(LogImportError) -> (time: Timestamp, end: Int)? {
        guard text.count > Self.secondsBytes, text[4] == UInt8(ascii: "-"), text[13] == UInt8(ascii: ":"),
            text[16] == UInt8(ascii: ":"), let minute = text.number(14, 16), minute < 60,
            let second = text.number(17, 19), second < 61
        else { return nil }
        var end = Self.secondsBytes
        var milliseconds: Int64 = 0
        if text[end] == UInt8(ascii: ".") {
            guard let fraction = text.number(end + 1, end + 4) else { return nil }
            milliseconds = fraction
            end += 4
        }
        guard text.hasByte(.blank, at: end) else { return nil }
        let zoneStart = end + 1
        var zoneWord: UInt64 = 0
        end = zoneStart
        while end < text.count, text[end].isOfZone {
            zoneWord = zoneWord << 8 | UInt64(text[end])
            end += 1
        }
        guard end > zoneStart, end - zoneStart <= Self.zoneBytesMax else { return nil }
        let low = text.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
        let high = text.loadUnaligned(fromByteOffset: 5, as: UInt64.self)
        if hourStart == nil || hour != (low, high, zoneWord) {
            hourStart = try start(ofHour: text, zone: text.part(zoneStart, end).text)
            hour = (low, high, zoneWord)
        }
        guard let hourStart else { return nil }
        return (Timestamp(milliseconds: hourStart + (minute * 60 + second) * 1000 + milliseconds), end)
    }

    /// In milliseconds since 1970; nil when there is no such hour.
    private func start(ofHour text: UnsafeRawBufferPointer, zone name: String) throws(LogImportError) -> Int64? {
        let date = text.part(0, 10).text
        guard let local = Timestamp("\(date)T\(text.part(11, Self.hourBytes).text):00:00Z") else { return nil }
        let offsets = ZoneAbbreviations.offsets(of: name)
        if offsets.count == 1 { return local.milliseconds - Int64(offsets[0]) * 60_000 }
        guard let zone else { throw Self.unclear(name, offsets) }
        let candidates = Self.instants(of: local, in: zone)
        let fitting = candidates.filter { instant in
            offsets.contains(zone.secondsFromGMT(for: Date(timeIntervalSince1970: instant.seconds)) / 60)
        }
        // The hour that comes twice: CDT and then CST.
        let isSummer = name.hasSuffix("DT")
        let named = fitting.first { instant in
            zone.isDaylightSavingTime(for: Date(timeIntervalSince1970: instant.seconds)) == isSummer
        }
        return (named ?? fitting.first ?? candidates.first)?.milliseconds
    }

    /// When the clocks of a zone show a time: once, twice when they are put back, never when they skip it (then as if
    /// they did not).
    private static func instants(of local: Timestamp, in zone: TimeZone) -> [Timestamp] {
        let seconds = local.seconds
        let offsets = [seconds - 86_400, seconds + 86_400].map {
            zone.secondsFromGMT(for: Date(timeIntervalSince1970: $0))
        }
        var instants: [Timestamp] = []
        for offset in offsets {
            let instant = Timestamp(milliseconds: local.milliseconds - Int64(offset) * 1000)
            guard !instants.contains(instant),
                zone.secondsFromGMT(for: Date(timeIntervalSince1970: instant.seconds)) == offset
            else { continue }
            instants.append(instant)
        }
        return instants.isEmpty ? [Timestamp(milliseconds: local.milliseconds - Int64(offsets[0]) * 1000)] : instants
    }

    private static func unclear(_ name: String, _ offsets: [Int]) -> LogImportError {
        let problem = offsets.isEmpty ? "is not known" : "stands for several zones"
        return LogImportError(
            .unknownTimeZone,
            "the time zone `\(name)` \(problem): name the server's log_timezone with --time-zone, as in "
                + "--time-zone America/Chicago")
    }
}

extension UInt8 {
    @inline(__always)
    fileprivate var isOfZone: Bool {
        (self | 0x20) &- 0x61 < 26 || isDecimal || self == UInt8(ascii: "+") || self == UInt8(ascii: "-")
            || self == UInt8(ascii: ":")
    }
}
