// The types whose values the router can hand from one instance to another as elements of an array: built in, so that
// their numbers are the same everywhere; with a binary form that loses nothing; and with an order and an equality.
// Numbers and names: PostgreSQL 15 src/include/catalog/pg_type.dat.

package struct MergeableType: Sendable, Equatable {
    package let arrayOID: UInt32
    /// As SQL writes it.
    let name: String

    private init(_ arrayOID: UInt32, _ name: String) {
        self.arrayOID = arrayOID
        self.name = name
    }

    /// Nil for a type that is not among them.
    package init?(oid: UInt32) {
        guard let known = Self.known[oid] else { return nil }
        self = known
    }

    static let realOID: UInt32 = 700

    private static let known: [UInt32: MergeableType] = [
        16: MergeableType(1000, "boolean"),
        17: MergeableType(1001, "bytea"),
        18: MergeableType(1002, "pg_catalog.\"char\""),
        19: MergeableType(1003, "name"),
        20: MergeableType(1016, "bigint"),
        21: MergeableType(1005, "smallint"),
        23: MergeableType(1007, "integer"),
        25: MergeableType(1009, "text"),
        26: MergeableType(1028, "oid"),
        700: MergeableType(1021, "real"),
        701: MergeableType(1022, "double precision"),
        790: MergeableType(791, "money"),
        869: MergeableType(1041, "inet"),
        650: MergeableType(651, "cidr"),
        829: MergeableType(1040, "macaddr"),
        1042: MergeableType(1014, "bpchar"),
        1043: MergeableType(1015, "varchar"),
        1082: MergeableType(1182, "date"),
        1083: MergeableType(1183, "time"),
        1114: MergeableType(1115, "timestamp"),
        1184: MergeableType(1185, "timestamptz"),
        1186: MergeableType(1187, "interval"),
        1266: MergeableType(1270, "timetz"),
        1700: MergeableType(1231, "numeric"),
        2950: MergeableType(2951, "uuid"),
        3802: MergeableType(3807, "jsonb"),
    ]
}
