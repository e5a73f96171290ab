import ClusterModel
import SQLAnalysis

extension ShardedSchema {
    /// `shop` by bigint, `library` by text, `web` by uuid; only the columns of `orders` are told.
    static let example = ShardedSchema(
        groups: [
            ShardGroup(
                id: "shop",
                keyType: .bigint,
                tables: [
                    ShardedTable(table: TableName(name: "customers"), keyColumn: "id"),
                    ShardedTable(table: TableName(name: "orders"), keyColumn: "customer_id"),
                    ShardedTable(table: TableName(name: "items"), keyColumn: "customer_id"),
                    ShardedTable(table: TableName(name: "Odd Name"), keyColumn: "Key"),
                ]
            ),
            ShardGroup(
                id: "library",
                keyType: .text,
                tables: [ShardedTable(table: TableName(name: "documents"), keyColumn: "owner")]
            ),
            ShardGroup(
                id: "web",
                keyType: .uuid,
                tables: [ShardedTable(table: TableName(schema: "app", name: "sessions"), keyColumn: "session_id")]
            ),
        ],
        columns: [TableName(name: "orders"): ["id", "customer_id", "total"]]
    )
}

extension ShardedSchema {
    /// `shop` by bigint, beside tables of no group on home-2.
    static let exampleWithUnsharded = ShardedSchema(
        groups: [example.groups[0]],
        unsharded: UnshardedTables(
            at: "home-2",
            entangled: [
                TableName(name: "open_orders"): "is a view of public.orders",
                TableName(name: "orders_pkey"): "is an index of public.orders",
                TableName(name: "orders_id_seq"): "is a sequence of public.orders",
            ]
        )
    )
}

extension StatementAnalyzer {
    static func example(cacheBytesMax: Int = 1 << 20) -> StatementAnalyzer {
        StatementAnalyzer(schema: .example, cacheBytesMax: cacheBytesMax)
    }
}
