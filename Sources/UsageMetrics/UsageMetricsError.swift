/// Why a metric could not be read, in words for the user: what, where, what to do. Never shows credentials.
package struct UsageMetricsError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// No connection, or it broke off.
        case unreachable
        case timedOut
        /// An answer with a status that is no success.
        case refused(status: Int)
        /// An answer that is not that of Prometheus' API.
        case notPrometheus
        /// Nothing over the whole range that was asked for.
        case noData
        case severalSeries
        case notNumeric
        case tooLarge
        /// `pg_stat_statements` is not installed in the database, or not loaded by the server.
        case extensionMissing
        case notPermitted
    }

    package let code: Code
    package let description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
