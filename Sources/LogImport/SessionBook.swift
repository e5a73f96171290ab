// What the log has begun to say of each session, and has not ended. An entry becomes at most two charges: the one that
// it ends, and one that can never be ended now.
//
// - A statement that was logged before it ran is open until its duration, its error, or the session's next statement.
// - The durations of parse and bind are carried to the execution that follows, so that a charge is what a client waited
//   for. At most two are carried: of more, nobody knows whose they are.
// - Inside a transaction block a statement without a key (COMMIT above all) counts for the segment that the block
//   touched last, as the router counts it.
//
// Invariant: a session of which nothing is pending is not kept: the book holds what runs, and `sessionsMax` bounds it.

import ClusterModel

/// One use to be counted.
struct Charge: Equatable {
    var target: UsageTarget
    var end: Timestamp
    /// Nil when the log does not tell how long it took.
    var microseconds: Int64?
    var statements: Int
    var errors = 0
}

struct SessionBook {
    static let sessionsMax = 16_384
    private static let carriedMax = 2
    private static let touchedMax = 64

    struct OpenStatement: Equatable {
        /// Of its SQL.
        var hash: UInt64
        var target: UsageTarget
        var start: Timestamp
        var statements: Int
    }

    /// What was bound last: an error's entry has its SQL, but often not its parameters.
    struct BoundStatement: Equatable {
        var hash: UInt64
        var target: UsageTarget
    }

    struct Session: Equatable {
        var open: OpenStatement?
        /// Microseconds.
        var carried: [Int64] = []
        var bound: BoundStatement?
        var isInTransaction = false
        /// The segments of the transaction, in the order of the first touch.
        var touched: [Int] = []
        var lastUse: Timestamp

        var isIdle: Bool { open == nil && carried.isEmpty && bound == nil && !isInTransaction }
    }

    private(set) var sessions: [UInt64: Session] = [:]
    /// The charges of the entry that came last.
    private(set) var charges: [Charge] = []
    /// Durations of which nobody knows the statement.
    private(set) var strayDurations = 0
    private(set) var strayMicroseconds: Int64 = 0

    init(sessions: [UInt64: Session] = [:]) { self.sessions = sessions }

    /// What is known of strays so far, to be counted; the book forgets it.
    mutating func takeStrays() -> (count: Int, microseconds: Int64) {
        defer { (strayDurations, strayMicroseconds) = (0, 0) }
        return (strayDurations, strayMicroseconds)
    }

    /// Statements that wait for their duration.
    var openCount: Int { sessions.values.count { $0.open != nil } }

    // MARK: Events

    /// A statement or a phase of one, with its duration.
    mutating func ended(
        _ phase: LogMessage.Phase, _ placed: PlacedStatement, hash: UInt64, microseconds: Int64, by key: UInt64,
        at time: Timestamp
    ) {
        charges.removeAll(keepingCapacity: true)
        // The plain case first: of a session of which nothing is pending nothing needs to be looked up twice.
        var session = sessions[key] ?? Session(lastUse: time)
        session.lastUse = time
        switch phase {
        case .parse: carry(microseconds, &session)
        case .bind:
            carry(microseconds, &session)
            session.bound = BoundStatement(hash: hash, target: placed.target)
        case .statement, .execute, .fetch:
            closeWithoutDuration(&session)
            if phase == .statement { dropCarried(&session) }
            let target = target(of: placed, &session)
            charges.append(
                Charge(
                    target: target, end: time, microseconds: microseconds + takeCarried(&session),
                    statements: phase == .fetch ? 0 : placed.statements))
            session.bound = nil
        }
        keep(session, key)
    }

    /// A statement that is about to run.
    mutating func started(
        _ phase: LogMessage.Phase, _ placed: PlacedStatement, hash: UInt64, by key: UInt64, at time: Timestamp
    ) {
        charges.removeAll(keepingCapacity: true)
        var session = sessions[key] ?? Session(lastUse: time)
        session.lastUse = time
        closeWithoutDuration(&session)
        if phase == .statement { dropCarried(&session) }
        session.open = OpenStatement(
            hash: hash, target: target(of: placed, &session), start: time,
            statements: phase == .fetch ? 0 : placed.statements)
        session.bound = nil
        keep(session, key)
    }

    /// A duration on a line of its own.
    mutating func duration(microseconds: Int64, by key: UInt64, at time: Timestamp) {
        charges.removeAll(keepingCapacity: true)
        // Without a session nobody knows whose it is.
        guard key != 0 else { return stray(microseconds) }
        var session = sessions[key] ?? Session(lastUse: time)
        session.lastUse = time
        if let open = session.open {
            charges.append(
                Charge(
                    target: open.target, end: time, microseconds: microseconds + takeCarried(&session),
                    statements: open.statements))
            session.open = nil
        } else {
            carry(microseconds, &session)
        }
        keep(session, key)
    }

    /// A statement failed: the open one, unless the entry tells another; or that which was bound, or that of the entry.
    ///
    /// - Parameter hash: of the entry's statement; nil when it tells none.
    /// - Parameter placed: the entry's statement; nil when it tells none. It is only asked for when it is needed.
    mutating func failed(
        hash: UInt64?, by key: UInt64, at time: Timestamp, endsSession: Bool, placed: () -> PlacedStatement?
    ) {
        charges.removeAll(keepingCapacity: true)
        var session = sessions[key] ?? Session(lastUse: time)
        session.lastUse = time
        if let open = session.open, let hash, open.hash != hash { closeWithoutDuration(&session) }
        if let open = session.open {
            // It began when it was logged: its time is known to the millisecond.
            let elapsed = max(0, time.milliseconds - open.start.milliseconds) * 1000
            charges.append(
                Charge(
                    target: open.target, end: time, microseconds: elapsed + takeCarried(&session),
                    statements: open.statements, errors: 1))
            session.open = nil
        } else if let bound = session.bound, bound.hash == hash {
            charges.append(failure(bound.target, 1, time, &session))
        } else if let placed = placed() {
            charges.append(failure(target(of: placed, &session), placed.statements, time, &session))
        }
        session.bound = nil
        if endsSession { sessions[key] = nil } else { keep(session, key) }
    }

    mutating func disconnected(_ key: UInt64) {
        charges.removeAll(keepingCapacity: true)
        guard var session = sessions[key] else { return }
        closeWithoutDuration(&session)
        dropCarried(&session)
        sessions[key] = nil
    }

    // MARK: Parts of events

    private mutating func failure(
        _ target: UsageTarget, _ statements: Int, _ time: Timestamp, _ session: inout Session
    ) -> Charge {
        let carried = takeCarried(&session)
        return Charge(
            target: target, end: time, microseconds: carried > 0 ? carried : nil, statements: statements, errors: 1)
    }

    /// The target of a statement in its session, and what the statement does to the session's transaction.
    private func target(of placed: PlacedStatement, _ session: inout Session) -> UsageTarget {
        var target = placed.target
        if placed.effect == .begins {
            session.isInTransaction = true
            session.touched = []
        }
        switch target {
        case .segment(let number): touch(number, &session)
        case .several(let numbers): for number in numbers { touch(number, &session) }
        case .unsharded: if session.isInTransaction, let last = session.touched.last { target = .segment(last) }
        case .leftOut: break
        }
        if placed.effect == .ends {
            session.isInTransaction = false
            session.touched = []
        }
        return target
    }

    private func touch(_ number: Int, _ session: inout Session) {
        guard session.isInTransaction, !session.touched.contains(number), session.touched.count < Self.touchedMax else {
            return
        }
        session.touched.append(number)
    }

    private mutating func closeWithoutDuration(_ session: inout Session) {
        guard let open = session.open else { return }
        charges.append(
            Charge(target: open.target, end: open.start, microseconds: nil, statements: open.statements))
        session.open = nil
    }

    private mutating func carry(_ microseconds: Int64, _ session: inout Session) {
        if session.carried.count == Self.carriedMax { stray(session.carried.removeFirst()) }
        session.carried.append(microseconds)
    }

    private func takeCarried(_ session: inout Session) -> Int64 {
        guard !session.carried.isEmpty else { return 0 }
        defer { session.carried = [] }
        return session.carried.reduce(0, +)
    }

    private mutating func dropCarried(_ session: inout Session) {
        for microseconds in session.carried { stray(microseconds) }
        session.carried = []
    }

    private mutating func stray(_ microseconds: Int64) {
        strayDurations += 1
        strayMicroseconds += microseconds
    }

    private mutating func keep(_ session: Session, _ key: UInt64) {
        guard !session.isIdle, key != 0 else {
            if !sessions.isEmpty { sessions[key] = nil }
            return
        }
        sessions[key] = session
        if sessions.count > Self.sessionsMax { forgetOldest() }
    }

    /// Ends what was pending longest: its sessions are most likely gone.
    private mutating func forgetOldest() {
        let oldest = sessions.sorted { ($0.value.lastUse, $0.key) < ($1.value.lastUse, $1.key) }
            .prefix(Self.sessionsMax / 4)
        for (key, value) in oldest {
            var session = value
            closeWithoutDuration(&session)
            dropCarried(&session)
            sessions[key] = nil
        }
    }
}
