// The routing table of now: one immutable snapshot, read from the catalog, handed to the router whole.
// Invariant: the epoch never decreases, and a table is in the catalog before anybody sees it here.
//
// Also the mover's gate. Before the router listens there are no clients, so closing a gate is nothing and recovery can
// settle what an earlier process left before the first statement arrives.
import Catalog
import ClusterModel
import Logging
import Migration
import Proxy
import Routing
import Synchronization

package final class RoutingAuthority: SegmentGate {
    private struct State {
        var table: QueryRoutingTable
        var proxy: Proxy?
    }

    private let state: Mutex<State>
    private let catalog: CatalogStore
    private let logger: Logger

    init(table: QueryRoutingTable, catalog: CatalogStore, logger: Logger) {
        state = Mutex(State(table: table))
        self.catalog = catalog
        self.logger = logger
    }

    package var table: QueryRoutingTable { state.withLock { $0.table } }

    private var proxy: Proxy? { state.withLock { $0.proxy } }

    func attach(_ proxy: Proxy) { state.withLock { $0.proxy = proxy } }

    package func close(_ segment: SegmentID, drainWithin: Duration) async throws {
        try await proxy?.close(segment, drainWithin: drainWithin)
    }

    package func open(_ segment: SegmentID) async { await proxy?.open(segment) }

    package func publish(_ segment: SegmentID, on owner: InstanceID, epoch: Epoch) async {
        let table = newest(after: segment, on: owner)
        await proxy?.publish(table)
    }

    /// The catalog's table. Should it not be readable now, the decision that was just made there is applied to ours.
    private func newest(after segment: SegmentID, on owner: InstanceID) -> QueryRoutingTable {
        let stored: QueryRoutingTable?
        do {
            stored = try catalog.routing().map { try QueryRoutingTable($0) }
        } catch {
            logger.error("cannot read the routing table", metadata: ["error": "\(error)"])
            stored = nil
        }
        return state.withLock { state in
            let next = stored ?? state.table.relocating(segment, to: owner)
            if next.epoch > state.table.epoch { state.table = next }
            return state.table
        }
    }
}

extension QueryRoutingTable {
    init(_ snapshot: RoutingSnapshot) throws {
        try self.init(
            epoch: snapshot.epoch, groups: snapshot.groups, segments: snapshot.segments, locations: snapshot.locations)
    }
}
