import ClusterModel

/// An instance as the router reaches it, and how many connections it may hold there.
package struct RoutedInstance: Sendable, Hashable {
    package let instance: Instance
    package let connectionsMax: Int

    package init(instance: Instance, connectionsMax: Int) {
        self.instance = instance
        self.connectionsMax = connectionsMax
    }
}
