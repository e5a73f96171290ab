// The demonstration's data: a shop whose three tables are sharded by customer and live together.
// The service time stands inside the statements (pg_sleep), so that an instance's capacity is its number of back-end
// connections divided by that time, whatever the machine's processors do.
import ClusterModel

package struct Shop: Sendable {
    package let customers: Int64
    package let ordersPerCustomer: Int
    package let itemsPerOrder: Int

    /// 52,000 customers with three orders of two items each: 520,000 rows.
    package static let demonstration = Shop(customers: 52_000, ordersPerCustomer: 3, itemsPerOrder: 2)

    package init(customers: Int64, ordersPerCustomer: Int, itemsPerOrder: Int) {
        self.customers = customers
        self.ordersPerCustomer = ordersPerCustomer
        self.itemsPerOrder = itemsPerOrder
    }

    /// The rows that the fill writes.
    package var rows: Int64 { customers * Int64(1 + ordersPerCustomer * (1 + itemsPerOrder)) }

    /// Order numbers from here on are written by clients during a replay.
    package static let firstClientOrder: Int64 = 1_000_000_000

    package static let group = ShardGroup(
        id: "shop", keyType: .bigint,
        tables: ["customers", "orders", "order_items"].map {
            ShardedTable(table: TableName(name: $0), keyColumn: "customer_id")
        })

    package static let schemaSQL = """
        CREATE TABLE customers (
            customer_id bigint PRIMARY KEY,
            name text NOT NULL,
            email text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now()
        );
        CREATE TABLE orders (
            customer_id bigint NOT NULL REFERENCES customers,
            order_id bigint NOT NULL,
            total numeric(12, 2) NOT NULL,
            status text NOT NULL,
            placed_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (customer_id, order_id)
        );
        CREATE TABLE order_items (
            customer_id bigint NOT NULL,
            order_id bigint NOT NULL,
            line integer NOT NULL,
            product text NOT NULL,
            quantity integer NOT NULL,
            price numeric(12, 2) NOT NULL,
            PRIMARY KEY (customer_id, order_id, line),
            FOREIGN KEY (customer_id, order_id) REFERENCES orders
        );
        """

    /// Statements that fill one instance with the rows of the given arcs.
    package func fillSQL(arcs: [HashArc]) -> [String] {
        let owned = arcs.map { "hashint8extended(c, 0) BETWEEN \($0.lower) AND \($0.upper)" }.joined(separator: " OR ")
        let customers = "(SELECT c FROM generate_series(1, \(customers)) c WHERE \(owned)) AS owned"
        return [
            "INSERT INTO customers SELECT c, 'Customer ' || c, 'customer' || c || '@example.org' FROM \(customers)",
            """
            INSERT INTO orders SELECT c, c * 100 + o, (c * 7 + o * 13) % 900 + 10, 'shipped'
            FROM \(customers), generate_series(1, \(ordersPerCustomer)) o
            """,
            """
            INSERT INTO order_items SELECT c, c * 100 + o, i, 'Product ' || (c + o * i) % 1000, 1 + i % 3, (c + i) % 90 + 1
            FROM \(customers), generate_series(1, \(ordersPerCustomer)) o, generate_series(1, \(itemsPerOrder)) i
            """,
            "ANALYZE customers, orders, order_items",
        ]
    }
}
