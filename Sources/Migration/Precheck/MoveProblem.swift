import ClusterModel

/// One reason why a move cannot start, with what would change it.
package struct MoveProblem: Hashable, Sendable, Codable, CustomStringConvertible {
    package let instance: InstanceID
    package let what: String
    /// The statement (or the act) that mends it.
    package let mend: String

    package init(_ instance: InstanceID, _ what: String, mend: String) {
        self.instance = instance
        self.what = what
        self.mend = mend
    }

    package var description: String { "\(instance): \(what). Mend: \(mend)" }
}
