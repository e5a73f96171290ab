// What one visitor does: look at the latest orders, or place an order in one transaction. Both hold a back-end for the
// same service time, and both name the customer, so that the router knows the segment.
import ClusterModel
import PostgresClient

/// One arrival of the replay.
package enum ShopVisit: Hashable, Sendable {
    case browse(customer: Int64)
    case order(customer: Int64, order: Int64)

    /// The most orders that a browse shows.
    private static let browsedOrdersMax = 5

    /// Runs the visit; returns when the server has acknowledged it.
    ///
    /// - Parameter filledOrders: orders that every customer has at least.
    /// - Returns: the statements that were sent.
    /// - Throws: `PostgresError`, `ConnectionError`, `MissingOrders`.
    package func run(on connection: PostgresConnection, serviceTime: Duration, filledOrders: Int) async throws -> Int {
        let seconds = "\(serviceTime.inSeconds)"
        switch self {
        case .browse(let customer):
            let orders = try await connection.execute(
                """
                SELECT o.order_id, o.total, o.status FROM orders o, pg_sleep($2::float8)
                WHERE o.customer_id = $1 ORDER BY o.order_id DESC LIMIT \(Self.browsedOrdersMax)
                """, ["\(customer)", seconds])
            try MissingOrders.check(
                customer: customer, seen: orders.rows.count, filled: filledOrders, shownMax: Self.browsedOrdersMax)
            return 1
        case .order(let customer, let order):
            try await connection.query("BEGIN")
            try await connection.execute(
                "INSERT INTO orders (customer_id, order_id, total, status) VALUES ($1, $2, $3, 'new')",
                ["\(customer)", "\(order)", "\(order % 900 + 10)"])
            try await connection.execute(
                """
                INSERT INTO order_items (customer_id, order_id, line, product, quantity, price)
                VALUES ($1, $2, 1, $3, 1, 9.99)
                """, ["\(customer)", "\(order)", "Product \(order % 1000)"])
            try await connection.execute("SELECT pg_sleep($1::float8)", [seconds])
            try await connection.query("COMMIT")
            return 5
        }
    }
}

/// Draws visits: whose, and whether they order.
package struct ShopVisitors: Sendable {
    private let keys: ZipfKeys
    private let orderShare: Double
    private var generator: SeededGenerator
    private var nextOrder = Shop.firstClientOrder

    package init(keys: ZipfKeys, orderShare: Double, seed: UInt64) {
        self.keys = keys
        self.orderShare = orderShare
        generator = SeededGenerator(seed: seed)
    }

    package mutating func next() -> ShopVisit {
        let customer = keys.draw(using: &generator)
        guard Double.random(in: 0..<1, using: &generator) < orderShare else { return .browse(customer: customer) }
        nextOrder += 1
        return .order(customer: customer, order: nextOrder)
    }
}
