import ClusterModel
import ContingentPool
import Synchronization

struct Fault: Error, CustomStringConvertible {
    let description: String
}

/// A provider whose instances are words in a dictionary; any call can be made to fail.
final class FakeProvider: Provider {
    enum Contents: Sendable, Equatable { case nothing, halfMade, empty, used }

    struct State {
        var contents: [InstanceID: Contents] = [:]
        var running: Set<InstanceID> = []
        var failing: [String: Set<InstanceID>] = [:]
        var calls: [String] = []
        /// The operation that does not return before `release`.
        var held: String?
        var waiting: [CheckedContinuation<Void, Never>] = []
        var awaited: [String: CheckedContinuation<Void, Never>] = [:]
    }

    let name: String
    let state = Mutex(State())
    let instances: [InstanceID]
    private let zones: [InstanceID: Zone]

    init(name: String = "fake", _ zones: KeyValuePairs<InstanceID, Zone>) {
        self.name = name
        instances = zones.map(\.key)
        self.zones = Dictionary(uniqueKeysWithValues: zones.map { ($0.key, $0.value) })
    }

    func fail(_ call: String, of id: InstanceID, _ fails: Bool = true) {
        state.withLock {
            if fails { $0.failing[call, default: []].insert(id) } else { $0.failing[call]?.remove(id) }
        }
    }

    func hold(_ call: String) { state.withLock { $0.held = call } }

    func release() {
        let waiting = state.withLock {
            $0.held = nil
            return $0.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    private func passHold(_ call: String) async {
        await withCheckedContinuation { continuation in
            state.withLock { if $0.held == call { $0.waiting.append(continuation) } else { continuation.resume() } }
        }
    }

    var calls: [String] { state.withLock { $0.calls } }

    /// Returns when it was called: `check c1`.
    func called(_ call: String) async {
        await withCheckedContinuation { continuation in
            state.withLock {
                if $0.calls.contains(call) { continuation.resume() } else { $0.awaited[call] = continuation }
            }
        }
    }

    private func call(_ name: String, _ id: InstanceID, _ effect: (inout State) -> Void) throws {
        try state.withLock {
            $0.calls.append("\(name) \(id)")
            $0.awaited.removeValue(forKey: "\(name) \(id)")?.resume()
            if $0.failing[name]?.contains(id) == true { throw Fault(description: "\(name) of \(id) fails") }
            effect(&$0)
        }
    }

    func terms(of instance: InstanceID) -> InstanceTerms? {
        zones[instance].map { InstanceTerms(zone: $0, capacity: Load(4), costPerHour: 1) }
    }
    func provision(_ instance: InstanceID) async throws {
        try call("provision", instance) { $0.contents[instance] = .empty }
        await passHold("provision")
    }
    func seed(_ instance: InstanceID, as order: StandbyOrder) async throws {
        try call("seed", instance) { $0.contents[instance] = .used }
        await passHold("seed")
    }
    func checkStandby(_ instance: InstanceID, at endpoint: Endpoint) async throws {
        try call("checkStandby", instance) { _ in }
    }
    func start(_ instance: InstanceID) async throws -> Endpoint {
        try call("start", instance) { $0.running.insert(instance) }
        // Nothing listens on port 1; the fake's schema is empty and is not applied.
        return Endpoint(host: "127.0.0.1", port: 1, database: "d", user: "u", password: nil)
    }
    func stop(_ instance: InstanceID) async throws { try call("stop", instance) { $0.running.remove(instance) } }
    func wipe(_ instance: InstanceID) async throws { try call("wipe", instance) { $0.contents[instance] = .empty } }
    func remove(_ instance: InstanceID) async throws {
        try call("remove", instance) { $0.contents[instance] = .nothing }
    }
    func check(_ instance: InstanceID, at endpoint: Endpoint) async throws { try call("check", instance) { _ in } }
}

/// A store in memory. Keeps every saved state in order; can refuse to save.
final class MemoryStore: PoolStore {
    struct State {
        var members: [InstanceID: PoolMember] = [:]
        var saved: [String] = []
        var timings: [PoolTiming] = []
        var entries: [PoolEntry] = []
        var occupants: [InstanceID: [String]] = [:]
        var refusesToSave = false
        var waiting: [String: CheckedContinuation<Void, Never>] = [:]
    }

    let state = Mutex(State())

    init(_ members: [PoolMember] = []) {
        state.withLock { state in for member in members { state.members[member.id] = member } }
    }

    func poolMembers() throws -> [PoolMember] { state.withLock { Array($0.members.values) } }
    func save(_ member: PoolMember, sentence: String?, entries: [PoolEntry]) throws {
        try state.withLock {
            if $0.refusesToSave { throw Fault(description: "disk full") }
            $0.entries += entries
            $0.members[member.id] = member
            let saved = "\(member.id) \(member.state.kind.rawValue)"
            $0.saved.append(saved)
            $0.waiting.removeValue(forKey: saved)?.resume()
        }
    }

    /// Returns when a member was saved in a state: `c1 warm`.
    func saved(_ member: String) async {
        await withCheckedContinuation { continuation in
            state.withLock {
                if $0.saved.contains(member) { continuation.resume() } else { $0.waiting[member] = continuation }
            }
        }
    }
    func account() throws -> PoolAccount {
        var account = PoolAccount()
        for entry in state.withLock({ $0.entries }) {
            switch entry {
            case .lease(let record):
                account.leasesEnded += 1
                account.income += record.income
                account.revocations += record.reason.isRevocation ? 1 : 0
            case .idle(let record): account.idleCost += record.cost
            }
        }
        return account
    }
    func record(_ timing: PoolTiming) throws { state.withLock { $0.timings.append(timing) } }
    func timings() throws -> [PoolTiming] { state.withLock { $0.timings } }
    func occupants(of instance: InstanceID) throws -> [String] { state.withLock { $0.occupants[instance] ?? [] } }
    func forgetContents(of instance: InstanceID) throws {}
}
