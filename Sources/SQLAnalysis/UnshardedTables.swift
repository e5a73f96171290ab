import ClusterModel

/// Where the tables of no group are, and which relations there are none of them though no group names them.
///
/// A table that is not named here is taken to be unsharded, so that one made a moment ago, or inside of the client's own
/// transaction, is there at once; PostgreSQL says best itself when it does not exist.
package struct UnshardedTables: Sendable, Equatable {
    package let instance: InstanceID
    /// Relations that hold, show or change rows of sharded tables, each with what it is to them: "is a view of public.orders".
    /// On one instance they would miss the rows of segments that are elsewhere.
    package let entangled: [TableName: String]

    package init(at instance: InstanceID, entangled: [TableName: String] = [:]) {
        self.instance = instance
        self.entangled = entangled
    }
}
