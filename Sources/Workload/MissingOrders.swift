/// A browse was answered, but with fewer orders than the customer has: it ran where the customer's rows are not.
package struct MissingOrders: Error, Hashable, Sendable, CustomStringConvertible {
    package let customer: Int64
    package let seen: Int
    /// Orders that the customer was filled with; none is ever deleted.
    package let filled: Int

    /// - Parameter shownMax: the most orders that a browse shows.
    /// - Throws: when a browse saw fewer orders than it must.
    package static func check(customer: Int64, seen: Int, filled: Int, shownMax: Int) throws(MissingOrders) {
        guard seen < min(filled, shownMax) else { return }
        throw MissingOrders(customer: customer, seen: seen, filled: filled)
    }

    package var description: String {
        "customer \(customer) has at least \(filled) orders and was shown \(seen): it ran where the rows are not"
    }
}
