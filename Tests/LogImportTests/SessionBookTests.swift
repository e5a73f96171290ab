// What the entries of one session become.
import ClusterModel
import Testing

@testable import LogImport

@Suite struct SessionBookTests {
    private static let here = PlacedStatement(target: .segment(1))
    private static let there = PlacedStatement(target: .segment(2))
    private static let nowhere = PlacedStatement(target: .unsharded)
    private static let begin = PlacedStatement(target: .unsharded, effect: .begins)
    private static let commit = PlacedStatement(target: .unsharded, effect: .ends)

    private static func at(_ seconds: Int64) -> Timestamp { Timestamp(seconds: seconds) }

    @Test func aStatementWithItsDurationIsOneCharge() {
        var book = SessionBook()
        book.ended(.statement, Self.here, hash: 0, microseconds: 700, by: 9, at: Self.at(1))
        #expect(book.charges == [Charge(target: .segment(1), end: Self.at(1), microseconds: 700, statements: 1)])
        #expect(book.sessions.isEmpty)
    }

    @Test func parseAndBindGoWithTheExecution() {
        var book = SessionBook()
        book.ended(.parse, Self.nowhere, hash: 0, microseconds: 100, by: 9, at: Self.at(1))
        #expect(book.charges.isEmpty)
        book.ended(.bind, Self.here, hash: 5, microseconds: 20, by: 9, at: Self.at(1))
        #expect(book.charges.isEmpty)
        book.ended(.execute, Self.here, hash: 0, microseconds: 3, by: 9, at: Self.at(1))
        #expect(book.charges == [Charge(target: .segment(1), end: Self.at(1), microseconds: 123, statements: 1)])
        #expect(book.sessions.isEmpty && book.strayDurations == 0)
    }

    @Test func aFetchIsTimeAndNoStatement() {
        var book = SessionBook()
        book.ended(.fetch, Self.here, hash: 0, microseconds: 3, by: 9, at: Self.at(1))
        #expect(book.charges == [Charge(target: .segment(1), end: Self.at(1), microseconds: 3, statements: 0)])
    }

    @Test func durationsFindWhatWasLoggedBefore() {
        var book = SessionBook()
        book.duration(microseconds: 10, by: 9, at: Self.at(1))
        book.duration(microseconds: 20, by: 9, at: Self.at(1))
        book.started(.execute, Self.here, hash: 4, by: 9, at: Self.at(2))
        book.duration(microseconds: 5, by: 8, at: Self.at(2))
        book.duration(microseconds: 300, by: 9, at: Self.at(3))
        #expect(book.charges == [Charge(target: .segment(1), end: Self.at(3), microseconds: 330, statements: 1)])
    }

    @Test func durationsOfNobodyAreCountedApart() {
        var book = SessionBook()
        for _ in 0..<5 { book.duration(microseconds: 10, by: 9, at: Self.at(1)) }
        #expect(book.strayDurations == 3, "two are kept for an execution")
        book.ended(.statement, Self.here, hash: 0, microseconds: 7, by: 9, at: Self.at(2))
        #expect(book.strayDurations == 5 && book.charges.first?.microseconds == 7)
        book.duration(microseconds: 10, by: 0, at: Self.at(3))
        #expect(book.strayDurations == 6, "without a session nobody knows whose it is")
    }

    @Test func aStatementWithoutADurationCountsWhenTheNextComes() {
        var book = SessionBook()
        book.started(.statement, Self.here, hash: 4, by: 9, at: Self.at(1))
        book.started(.statement, Self.there, hash: 4, by: 9, at: Self.at(2))
        #expect(book.charges == [Charge(target: .segment(1), end: Self.at(1), microseconds: nil, statements: 1)])
        book.disconnected(9)
        #expect(book.charges == [Charge(target: .segment(2), end: Self.at(2), microseconds: nil, statements: 1)])
        #expect(book.sessions.isEmpty)
    }

    @Test func anErrorEndsWhatIsOpen() {
        var book = SessionBook()
        book.started(.statement, Self.here, hash: 4, by: 9, at: Self.at(1))
        book.failed(hash: nil, by: 9, at: Self.at(3), endsSession: false) { nil }
        #expect(
            book.charges == [
                Charge(target: .segment(1), end: Self.at(3), microseconds: 2_000_000, statements: 1, errors: 1)
            ])
    }

    /// Without durations in the log an open statement may have ended long ago.
    @Test func anErrorOfAnotherStatementDoesNotEndWhatIsOpen() {
        var book = SessionBook()
        book.started(.statement, Self.here, hash: 4, by: 9, at: Self.at(1))
        book.failed(hash: 5, by: 9, at: Self.at(900), endsSession: false) { Self.there }
        #expect(
            book.charges == [
                Charge(target: .segment(1), end: Self.at(1), microseconds: nil, statements: 1),
                Charge(target: .segment(2), end: Self.at(900), microseconds: nil, statements: 1, errors: 1),
            ])
    }

    @Test func anErrorIsOfTheBoundStatement() {
        var book = SessionBook()
        book.ended(.bind, Self.here, hash: 5, microseconds: 20, by: 9, at: Self.at(1))
        book.failed(hash: 5, by: 9, at: Self.at(1), endsSession: false) { Self.there }
        #expect(
            book.charges == [Charge(target: .segment(1), end: Self.at(1), microseconds: 20, statements: 1, errors: 1)])
        book.failed(hash: 5, by: 9, at: Self.at(1), endsSession: true) { Self.there }
        #expect(
            book.charges == [Charge(target: .segment(2), end: Self.at(1), microseconds: nil, statements: 1, errors: 1)])
        #expect(book.sessions.isEmpty)
    }

    /// As the router meters: a batch without a key is part of what the transaction does with its last segment.
    @Test func commitCountsForTheSegmentTouchedLast() {
        var book = SessionBook()
        let script: [(PlacedStatement, UsageTarget)] = [
            (Self.nowhere, .unsharded), (Self.begin, .unsharded), (Self.nowhere, .unsharded), (Self.here, .segment(1)),
            (Self.nowhere, .segment(1)), (Self.there, .segment(2)), (Self.here, .segment(1)),
            (Self.nowhere, .segment(2)),
            (Self.commit, .segment(2)), (Self.nowhere, .unsharded),
        ]
        for (index, (placed, target)) in script.enumerated() {
            book.ended(.statement, placed, hash: 0, microseconds: 1, by: 9, at: Self.at(1))
            #expect(book.charges.map(\.target) == [target], "statement \(index)")
        }
        #expect(book.sessions.isEmpty)
    }

    @Test func theBookIsBounded() {
        var book = SessionBook()
        for key in 1...UInt64(3 * SessionBook.sessionsMax) {
            book.started(.statement, Self.here, hash: 4, by: key, at: Self.at(Int64(key)))
            #expect(book.sessions.count <= SessionBook.sessionsMax)
        }
        #expect(book.sessions[UInt64(3 * SessionBook.sessionsMax)] != nil, "the newest are kept")
    }

    @Test func theBookIsStoredWhole() throws {
        let segments = (0..<4).map { SegmentID("s-\($0)") }
        var book = SessionBook()
        book.started(
            .execute, PlacedStatement(target: .several([1, 3]), statements: 2), hash: 4, by: .max, at: Self.at(1))
        book.ended(.statement, Self.begin, hash: 0, microseconds: 1, by: 2, at: Self.at(2))
        book.ended(.statement, Self.here, hash: 0, microseconds: 1, by: 2, at: Self.at(2))
        book.ended(.parse, Self.nowhere, hash: 0, microseconds: 4, by: 3, at: Self.at(3))
        book.ended(
            .bind, PlacedStatement(target: .leftOut("why")), hash: .max - 1, microseconds: 5, by: 3, at: Self.at(3))
        book.started(.statement, Self.nowhere, hash: 4, by: 4, at: Self.at(4))
        var state = ImportState()
        state.store(book, segments)
        let read = try ImportState(try state.encoded())
        #expect(read == state)
        #expect(read.book { segments.firstIndex(of: $0) }.sessions == book.sessions)
        let gone = read.book { _ in nil }
        #expect(gone.sessions[.max]?.open?.target == .leftOut("a segment that is gone"))
    }
}
