import ClusterModel

/// Why the pool cannot do what was asked.
package struct PoolError: Error, Equatable, CustomStringConvertible {
    package enum Code: Sendable {
        /// No member is warm and well.
        case noneWarm
        case unknownMember
        /// It should run and never did.
        case notRunning
        /// Something on the member is still needed.
        case occupied
        /// The instance holds, or may hold, what is not ours to remove.
        case notEmpty
        /// The schema could not be captured or applied.
        case schema
        /// The user's command failed, or answered wrongly.
        case command
        /// The pool does not lend that, or not now.
        case lendingRefused
        /// A home cannot have a standby of the pool, or not now.
        case standbyRefused
        /// A lease cannot be had on these terms.
        case badTerms
        /// It is not lent, or by another lease than the one named.
        case notLeased
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}

/// What a pool tells whoever watches it.
package enum PoolNotice: Hashable, Sendable {
    /// A person is needed: the member, if it is about one, and what is the matter with it.
    case alarm(InstanceID?, String)
    /// The holder lost its instance.
    case revoked(InstanceID, from: PoolHolder)
    /// What became of a lease, in words; nobody has to do anything.
    case lease(InstanceID, String)
}
