/// The points of a takeover at which a test may kill the process.
package enum TakeoverStep: String, CaseIterable, Sendable {
    /// The intention is in the catalog, nothing else was done.
    case intended = "takeover-intended"
    /// The standby was promoted, the catalog does not know.
    case promoted = "takeover-promoted"
}
