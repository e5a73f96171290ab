/// A time in a table: `21:39Z`, in UTC, with its date when that is not the day of `now`; a dash for no time.
///
/// - Parameters:
///   - text: ISO 8601, as views have it.
///   - now: the cluster's own time, in the same form.
func shownTime(_ text: String?, now: String) -> String {
    guard let text else { return "-" }
    let clock = "\(text.dropFirst(11).prefix(5))Z"
    return text.prefix(10) == now.prefix(10) ? clock : "\(text.prefix(10)) \(clock)"
}
