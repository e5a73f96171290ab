// Looks on every instance for the rows that clients wrote and for those that the servers were filled with, and compares
// them with what clients were told and with what the fill wrote.
//
// A row counts where the routing table says that its segment is. A client's row anywhere else is a stray and counts as
// a duplicate. A filled row anywhere else is a copy that is kept or not yet cleaned up, and does not count.
import ClusterModel
import PostgresClient
import Routing
import Workload

struct LedgerCheck {
    let table: QueryRoutingTable
    let instances: [Instance]
    let shop: Shop

    struct Verdict: Hashable, Sendable {
        /// Clients' orders and their items.
        let written: WriteLedger.Verdict
        let filled: WriteLedger.Verdict

        var all: WriteLedger.Verdict { written + filled }
    }

    /// - Throws: `ConnectionError`, `PostgresError`. An owner that is not among the instances has lost all its rows.
    func verdict(of ledger: WriteLedger) async throws -> Verdict {
        var orders = ClientRows()
        var items = ClientRows()
        var filled = FilledRows.none
        for instance in instances {
            let connection = try await PostgresConnection.connect(to: instance.endpoint)
            do {
                orders += try await clientRows(in: "orders", on: instance.id, connection)
                items += try await clientRows(in: "order_items", on: instance.id, connection)
                filled += try await filledRows(on: instance.id, connection)
            } catch {
                await connection.close()
                throw error
            }
            await connection.close()
        }
        return Verdict(
            written: ledger.verdict(found: orders.onOwner, strays: orders.strays)
                + ledger.verdict(found: items.onOwner, strays: items.strays),
            filled: filled.verdict(of: shop.rows))
    }

    /// Client-written order numbers in one table, once for each row.
    private struct ClientRows {
        var onOwner: [Int64] = []
        var strays = 0

        static func += (a: inout ClientRows, b: ClientRows) {
            a.onOwner += b.onOwner
            a.strays += b.strays
        }
    }

    private func clientRows(
        in table: String, on instance: InstanceID, _ connection: PostgresConnection
    ) async throws -> ClientRows {
        let result = try await connection.query(
            "SELECT order_id, customer_id FROM \(table) WHERE order_id >= \(Shop.firstClientOrder)")
        var rows = ClientRows()
        for row in result.rows {
            guard let order = row[0].flatMap({ Int64($0) }), let customer = row[1].flatMap({ Int64($0) }) else {
                throw DemonstrationError("\(instance) has a row in \(table) whose keys are not numbers")
            }
            if owner(of: customer) == instance { rows.onOwner.append(order) } else { rows.strays += 1 }
        }
        return rows
    }

    private func filledRows(on instance: InstanceID, _ connection: PostgresConnection) async throws -> FilledRows {
        let arcs = table.segments(on: instance).map(\.arc)
        var rows = FilledRows.none
        guard !arcs.isEmpty else { return rows }
        for sql in shop.filledSQL(arcs: arcs) {
            let counts = try await connection.query(sql).rows.first?.compactMap { $0.flatMap { Int64($0) } } ?? []
            guard counts.count == 2 else { throw DemonstrationError("\(instance) did not count its filled rows") }
            rows += FilledRows(present: counts[0], found: counts[1])
        }
        return rows
    }

    private func owner(of customer: Int64) -> InstanceID? {
        table[table.segment(of: Shop.group.id, at: PostgresHash.int8(customer)).id]
    }
}
