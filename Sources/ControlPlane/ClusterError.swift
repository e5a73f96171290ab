/// Why the control plane cannot start or cannot do what it was told, in words for the user.
package struct ClusterError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
