// The course of a read of several segments, without sockets:
//
//   leasing ──all leased──▶ inquiring ──answered──▶ reading ──all answered──▶ merging ──answered──▶ ended
//      │                        (where asked for)      │                      (where asked for)
//      └──────────────────────────────────────▶ any state, on the first failure ──▶ ended
//
// Invariants: connections are leased one after another in one order of instances, so that two reads never wait for each
// other; the first connection inquires and merges; a read fails once.

struct ScatterStateMachine {
    private enum State: Equatable {
        /// The connections before this one are leased.
        case leasing(Int)
        /// So many inquiries have not been answered.
        case inquiring(Int)
        /// So many parts have not answered.
        case reading(Int)
        case merging
        case ended
    }

    enum Action: Equatable {
        case lease(Int)
        /// Ask the first connection for types and facts; what it said may be needed to ask more.
        case inquire
        /// Send every part.
        case read
        /// Send the merging statement to the first connection.
        case merge
        case finish
        case none
    }

    private let partCount: Int
    private let inquiries: Int
    private let merges: Bool
    private var state = State.leasing(0)

    init(partCount: Int, inquiries: Int, merges: Bool) {
        precondition(partCount > 0, "a read without parts")
        self.partCount = partCount
        self.inquiries = inquiries
        self.merges = merges
    }

    var hasEnded: Bool { state == .ended }

    func started() -> Action { .lease(0) }

    /// The connection that was asked for is there, and prepared.
    mutating func leased() -> Action {
        guard case .leasing(let count) = state else { return .none }
        state = .leasing(count + 1)
        guard count + 1 == partCount else { return .lease(count + 1) }
        return inquire(inquiries)
    }

    /// A connection has answered all that was sent to it.
    mutating func answered() -> Action {
        switch state {
        case .inquiring(let count): return inquire(count - 1)
        case .reading(let count) where count > 1:
            state = .reading(count - 1)
            return .none
        case .reading where merges:
            state = .merging
            return .merge
        case .reading, .merging:
            state = .ended
            return .finish
        case .leasing, .ended: return .none
        }
    }

    /// True for the first failure.
    mutating func failed() -> Bool {
        guard state != .ended else { return false }
        state = .ended
        return true
    }

    private mutating func inquire(_ count: Int) -> Action {
        guard count == 0 else {
            state = .inquiring(count)
            return .inquire
        }
        state = .reading(partCount)
        return .read
    }
}
