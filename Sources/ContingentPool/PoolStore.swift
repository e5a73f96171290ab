// What the pool needs from the catalog. The calls are synchronous on purpose: deciding, storing and publishing a
// transition is then one step of the pool's actor, into which nothing else can fall.
import ClusterModel

/// The durable memory of the pool.
package protocol PoolStore: Sendable {
    func poolMembers() throws -> [PoolMember]
    /// Durable when it returns, with the entries into the accounts in the same transaction. `sentence` says what happened,
    /// for people who ask later; nil where that is nothing to ask about.
    func save(_ member: PoolMember, sentence: String?, entries: [PoolEntry]) throws
    func account() throws -> PoolAccount
    /// How long an operation of a provider took. The newest are kept.
    func record(_ timing: PoolTiming) throws
    func timings() throws -> [PoolTiming]

    /// Who still needs the instance, in words: segments on it, unfinished moves, objects of moves. Empty when nobody.
    func occupants(of instance: InstanceID) throws -> [String]
    /// The instance was emptied: nothing that was recorded of its contents holds any more.
    func forgetContents(of instance: InstanceID) throws
}

extension PoolStore {
    package func save(_ member: PoolMember, sentence: String) throws {
        try save(member, sentence: sentence, entries: [])
    }
}

/// How long one operation took.
package struct PoolTiming: Hashable, Sendable {
    package enum Operation: String, Sendable, CaseIterable {
        /// From absent to idleCold.
        case provisioning
        /// From idleCold to warm.
        case warming
        case wiping
        /// From the end of a lessee's time until it can do nothing any more.
        case cuttingOff
    }

    package let provider: String
    package let operation: Operation
    package let seconds: Double

    package init(provider: String, operation: Operation, seconds: Double) {
        self.provider = provider
        self.operation = operation
        self.seconds = seconds
    }
}
