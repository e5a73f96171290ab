import ClusterModel

/// Numbers of an anomaly as people read them.
enum AnomalyWords {
    /// `60 % above the expected 1,200`; a factor from tenfold on, both loads where nothing was expected.
    static func deviation(seen: Double, expected: Double) -> String {
        let expectation = "the expected \(load(expected))"
        let ratio = seen / expected
        guard ratio.isFinite, ratio < 1e6 else { return "\(load(seen)) instead of \(expectation)" }
        guard ratio < 10 else { return "\(load(ratio)) times \(expectation)" }
        let share = Int((abs(ratio - 1) * 100).rounded())
        return "\(share) % \(ratio < 1 ? "below" : "above") \(expectation)"
    }

    /// Whole numbers from 10 on, with commas between thousands; two decimals below.
    static func load(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        guard abs(value) >= 10 else { return "\((value * 100).rounded() / 100)" }
        var (rest, groups) = (Int64(abs(value).rounded()), [String]())
        while rest >= 1000 {
            let group = String(rest % 1000)
            groups.insert(String(repeating: "0", count: 3 - group.count) + group, at: 0)
            rest /= 1000
        }
        return (value < 0 ? "-" : "") + ([String(rest)] + groups).joined(separator: ",")
    }

    /// In seconds below two minutes, in minutes below three hours, else in hours.
    static func span(_ span: Duration) -> String {
        let seconds = max(0, span.wholeMilliseconds / 1000)
        if seconds < 120 { return seconds == 1 ? "1 second" : "\(seconds) seconds" }
        return seconds < 10_800 ? "\(seconds / 60) minutes" : "\(seconds / 3600) hours"
    }
}
