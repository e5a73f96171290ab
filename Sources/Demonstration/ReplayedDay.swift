// The part of the trace that is replayed: one day from 13:30 UTC, past the evening into the next day or, when quick, to
// 16:45 UTC. The settings were found on the default day; every other one shows what they do on a day they never saw.
import ClusterModel

struct ReplayedDay: Hashable, Sendable {
    static let standard = "1998-06-30"
    /// Days of history that the models need, and the most that they are given.
    static let historyDaysMin = 14
    static let historyDaysMax = 28

    /// As `YYYY-MM-DD`, in UTC.
    let name: String
    let isQuick: Bool
    let start: Timestamp
    let end: Timestamp
    /// Where the history begins that the models learn from; it ends at `start`.
    let historyStart: Timestamp

    /// - Parameters:
    ///   - name: the day as `YYYY-MM-DD`.
    ///   - traceStart, traceEnd: what the trace covers.
    /// - Throws: `DemonstrationError` when it is no day, or when the trace lacks the day or the history before it.
    init(
        _ name: String, isQuick: Bool, traceStart: Timestamp, traceEnd: Timestamp
    ) throws(DemonstrationError) {
        guard name.utf8.count == 10, let midnight = Timestamp(name + "T00:00:00Z") else {
            throw DemonstrationError("`\(name)` is not a day: write it as \(Self.standard)")
        }
        let length = Self.length(isQuick: isQuick)
        let first = Self.dayNotBefore(traceStart) + .seconds(Self.historyDaysMin * 86_400)
        let last = (traceEnd - Self.opening - length).floored(to: .seconds(86_400))
        guard first <= midnight, midnight <= last else {
            throw DemonstrationError(
                """
                \(name) cannot be replayed: the trace must hold it and \(Self.historyDaysMin) days before it. \
                Possible: \(Self.name(of: first)) to \(Self.name(of: last))
                """)
        }
        self.name = name
        self.isQuick = isQuick
        start = midnight + Self.opening
        end = start + length
        historyStart = max(traceStart, start - .seconds(Self.historyDaysMax * 86_400))
    }

    var historyDays: Double { (start - historyStart).inSeconds / 86_400 }

    /// From midnight to the replay's start.
    private static let opening = Duration.seconds(13 * 3600 + 30 * 60)

    private static func length(isQuick: Bool) -> Duration {
        isQuick ? .seconds(3 * 3600 + 15 * 60) : .seconds(10 * 3600 + 45 * 60)
    }

    private static func dayNotBefore(_ time: Timestamp) -> Timestamp {
        let day = time.floored(to: .seconds(86_400))
        return day < time ? day + .seconds(86_400) : day
    }

    private static func name(of day: Timestamp) -> String { String(day.description.prefix(10)) }
}
