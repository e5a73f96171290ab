// Looks on every instance for the rows that clients wrote, and compares them with what clients were told.
// A row counts where the routing table says its segment is; anywhere else it is a leftover, and counts as a duplicate.
import ClusterModel
import PostgresClient
import Routing
import Workload

struct LedgerCheck {
    let table: QueryRoutingTable
    let instances: [Instance]

    /// Orders and their items: both tables are checked.
    func verdict(of ledger: WriteLedger) async throws -> WriteLedger.Verdict {
        let orders = ledger.verdict(found: try await found(in: "orders"))
        let items = ledger.verdict(found: try await found(in: "order_items"))
        return WriteLedger.Verdict(
            checked: orders.checked + items.checked, lost: orders.lost + items.lost,
            duplicated: orders.duplicated + items.duplicated)
    }

    private func found(in table: String) async throws -> [Int64] {
        var ids: [Int64] = []
        for instance in instances {
            let connection = try await PostgresConnection.connect(to: instance.endpoint)
            let rows = try await connection.query(
                "SELECT order_id, customer_id FROM \(table) WHERE order_id >= \(Shop.firstClientOrder)")
            await connection.close()
            for row in rows.rows {
                guard let order = row[0].flatMap({ Int64($0) }), let customer = row[1].flatMap({ Int64($0) }) else { continue }
                ids.append(order)
                if owner(of: customer) != instance.id { ids.append(order) }
            }
        }
        return ids
    }

    private func owner(of customer: Int64) -> InstanceID? {
        table[table.segment(of: Shop.group.id, at: PostgresHash.int8(customer)).id]
    }
}
