// Where every home is now. An id is for ever; the server behind it changes with a takeover, and whoever connects to a home
// asks here at that moment.
import ClusterModel
import Synchronization
import Takeover

package final class HomeDirectory: Sendable {
    private let state: Mutex<[Instance]>

    package init(_ homes: [Instance]) { state = Mutex(homes) }

    package var homes: [Instance] { state.withLock { $0 } }

    package func home(_ id: InstanceID) -> Instance? { homes.first { $0.id == id } }

    func relocate(_ id: InstanceID, to address: ServerAddress, zone: Zone) {
        state.withLock { homes in
            homes = homes.map { $0.id == id ? $0.relocated(to: address, zone: zone) : $0 }
        }
    }
}

extension Instance {
    /// The same instance on another server.
    func relocated(to address: ServerAddress, zone: Zone) -> Instance {
        Instance(
            id: id, role: role, zone: zone, endpoint: address.endpoint(like: endpoint), capacity: capacity,
            costPerHour: costPerHour)
    }
}
