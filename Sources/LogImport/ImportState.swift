// What the importer keeps with a log's position: enough to go on as if it had never stopped. Stored as JSON with a
// version, with segments by their names, so that it can be read by people and by later versions.

import ClusterModel
import Foundation

struct ImportState: Codable, Equatable {
    private static let currentVersion = 1

    private(set) var version = ImportState.currentVersion
    /// Lines before the position.
    var lines = 0
    /// The first bytes of the log, as far as they were read when it was last stored, and their hash.
    var headBytes = 0
    var headHash: Int64 = 0
    /// The newest time that the log told.
    var newest: Timestamp?
    var sessions: [StoredSession] = []

    struct StoredSession: Codable, Equatable {
        var key: Int64
        var lastUse: Timestamp
        var open: StoredStatement?
        var carried: [Int64] = []
        var bound: StoredStatement?
        var isInTransaction = false
        var touched: [String] = []
    }

    struct StoredStatement: Codable, Equatable {
        /// Of its SQL.
        var hash: Int64 = 0
        var start: Timestamp?
        var statements = 1
        /// Nil when it is left out.
        var segments: [String]?
        var reason: String?
    }

    init() {}

    init(_ bytes: [UInt8]) throws {
        self = try JSONDecoder().decode(ImportState.self, from: Data(bytes))
        guard version == Self.currentVersion else {
            throw LogImportError(
                .cannotRead,
                "the log was read in part by another version of Foreshard (its state has version \(version))")
        }
    }

    func encoded() throws -> [UInt8] { Array(try JSONEncoder().encode(self)) }
}

// MARK: Sessions

extension ImportState {
    mutating func store(_ book: SessionBook, _ segments: [SegmentID]) {
        func statement(_ target: UsageTarget) -> StoredStatement {
            var stored = StoredStatement()
            switch target {
            case .segment(let number): stored.segments = [segments[number].text]
            case .several(let numbers): stored.segments = numbers.map { segments[$0].text }
            case .unsharded: stored.segments = []
            case .leftOut(let reason): stored.reason = reason
            }
            return stored
        }
        sessions = book.sessions.sorted { $0.key < $1.key }.map { key, session in
            var stored = StoredSession(key: Int64(bitPattern: key), lastUse: session.lastUse)
            stored.open = session.open.map { open in
                var stored = statement(open.target)
                stored.hash = Int64(bitPattern: open.hash)
                stored.start = open.start
                stored.statements = open.statements
                return stored
            }
            stored.bound = session.bound.map { bound in
                var stored = statement(bound.target)
                stored.hash = Int64(bitPattern: bound.hash)
                return stored
            }
            stored.carried = session.carried
            stored.isInTransaction = session.isInTransaction
            stored.touched = session.touched.map { segments[$0].text }
            return stored
        }
    }

    /// The sessions as they were; segments that are gone count as left out.
    func book(number: (SegmentID) -> Int?) -> SessionBook {
        func target(_ stored: StoredStatement) -> UsageTarget {
            if let reason = stored.reason { return .leftOut(reason) }
            let numbers = (stored.segments ?? []).map { number(SegmentID($0)) }
            guard numbers.allSatisfy({ $0 != nil }) else { return .leftOut("a segment that is gone") }
            let known = numbers.compactMap(\.self)
            return known.isEmpty ? .unsharded : known.count == 1 ? .segment(known[0]) : .several(known)
        }
        var sessions: [UInt64: SessionBook.Session] = [:]
        for stored in self.sessions {
            var session = SessionBook.Session(lastUse: stored.lastUse)
            session.open = stored.open.map {
                SessionBook.OpenStatement(
                    hash: UInt64(bitPattern: $0.hash), target: target($0), start: $0.start ?? stored.lastUse,
                    statements: $0.statements)
            }
            session.bound = stored.bound.map {
                SessionBook.BoundStatement(hash: UInt64(bitPattern: $0.hash), target: target($0))
            }
            session.carried = stored.carried.suffix(2).map { min(max(0, $0), LogMessage.microsecondsMax) }
            session.isInTransaction = stored.isInTransaction
            session.touched = stored.touched.compactMap { number(SegmentID($0)) }
            sessions[UInt64(bitPattern: stored.key)] = session
        }
        return SessionBook(sessions: sessions)
    }
}
