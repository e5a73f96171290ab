import ClusterModel

/// Numbers as people read them, without Foundation.
enum Wording {
    static func percent(_ share: Double) -> String {
        guard share.isFinite, abs(share) < 1e6 else { return "\(share)" }
        let permille = Int((share * 1000).rounded())
        return permille % 10 == 0 ? "\(permille / 10) %" : "\(permille / 10).\(abs(permille % 10)) %"
    }

    /// Two decimals.
    static func decimal(_ value: Double) -> String { Load(value).description }

    static func milliseconds(_ seconds: Double) -> String { "\(decimal(seconds * 1000)) ms" }

    /// `45 s`, `25 min`, `2 h 5 min`; `no time` when it is over.
    static func span(_ duration: Duration) -> String {
        let seconds = duration.wholeMilliseconds / 1000
        switch seconds {
        case ...0: return "no time"
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min"
        default: return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
        }
    }

    /// `14:35Z`; on another day than `now`, `1998-07-01 00:15Z`. Both days are those of UTC.
    static func clock(_ moment: Timestamp, seenAt now: Timestamp) -> String {
        let (text, day) = (moment.description, Duration.seconds(86_400))
        let time = "\(text.dropFirst(11).prefix(5))Z"
        return moment.floored(to: day) == now.floored(to: day) ? time : "\(text.prefix(10)) \(time)"
    }
}
