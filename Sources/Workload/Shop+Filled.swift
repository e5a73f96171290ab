// The rows that were there before any client came: what must be on the owners of their segments, exactly once each,
// however often the segments were moved.
import ClusterModel

/// How many filled rows were found.
package struct FilledRows: Hashable, Sendable {
    /// Rows of the fill that are there, each counted once.
    package var present: Int64
    /// Rows among the fill's numbers, each as often as it is there, those that the fill never wrote included.
    package var found: Int64

    package static let none = FilledRows(present: 0, found: 0)

    package init(present: Int64, found: Int64) {
        self.present = present
        self.found = found
    }

    package static func += (a: inout FilledRows, b: FilledRows) {
        a.present += b.present
        a.found += b.found
    }

    /// - Parameter filled: the rows that the fill wrote.
    package func verdict(of filled: Int64) -> WriteLedger.Verdict {
        WriteLedger.Verdict(checked: Int(filled), lost: Int(filled - present), duplicated: Int(found - present))
    }
}

extension Shop {
    /// One query for each table; its row is `present, found` (see `FilledRows`) for the keys in the arcs. The arcs are
    /// those of one owner's segments, so what another instance still keeps of a segment is not counted.
    ///
    /// - Precondition: there is an arc.
    package func filledSQL(arcs: [HashArc]) -> [String] {
        precondition(!arcs.isEmpty, "an owner has at least one segment")
        let owned = arcs.map { "hashint8extended(customer_id, 0) BETWEEN \($0.lower) AND \($0.upper)" }
            .joined(separator: " OR ")
        let isCustomer = "customer_id BETWEEN 1 AND \(customers)"
        let isOrder = "\(isCustomer) AND order_id - customer_id * 100 BETWEEN 1 AND \(ordersPerCustomer)"
        let isItem = "\(isOrder) AND line BETWEEN 1 AND \(itemsPerOrder)"
        let filledNumbers = "(\(owned)) AND order_id < \(Self.firstClientOrder)"
        return [
            Self.countSQL("customers", key: "customer_id", isFilled: isCustomer, among: owned),
            Self.countSQL("orders", key: "customer_id, order_id", isFilled: isOrder, among: filledNumbers),
            Self.countSQL("order_items", key: "customer_id, order_id, line", isFilled: isItem, among: filledNumbers),
        ]
    }

    private static func countSQL(_ table: String, key: String, isFilled: String, among rows: String) -> String {
        """
        SELECT count(*) FILTER (WHERE \(isFilled)), coalesce(sum(copies), 0)
        FROM (SELECT \(key), count(*) AS copies FROM \(table) WHERE \(rows) GROUP BY \(key)) AS keys
        """
    }
}
