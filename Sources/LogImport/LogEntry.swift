import ClusterModel

/// One entry of a log. Its texts lie in the reader's buffers: they hold until the next entry is read.
struct LogEntry {
    enum Severity {
        case log
        case error
        /// The session ends with it.
        case fatal
        /// DEBUG, INFO, NOTICE, WARNING: nothing was run for it, or the run went on.
        case other
    }

    var time: Timestamp
    /// A hash of what the log calls the session; 0 where it says nothing.
    var session: UInt64 = 0
    /// Nil where the log does not say it.
    var database: UnsafeRawBufferPointer?
    var severity = Severity.other
    var message = UnsafeRawBufferPointer.none
    var detail = UnsafeRawBufferPointer.none
    var context = UnsafeRawBufferPointer.none
    /// The statement that an error is about.
    var statement = UnsafeRawBufferPointer.none
}

extension LogEntry.Severity {
    /// By PostgreSQL's word for it.
    init(_ word: UnsafeRawBufferPointer) {
        self =
            if word.equals("LOG") {
                .log
            } else if word.equals("ERROR") {
                .error
            } else if word.equals("FATAL") || word.equals("PANIC") {
                .fatal
            } else {
                .other
            }
    }
}

/// What a reader found at the beginning of a window of a log's bytes.
enum EntryStep {
    /// An entry of so many bytes and lines.
    case entry(LogEntry, bytes: Int, lines: Int)
    /// So many bytes that are no entry, and why.
    case malformed(MalformedEntry, bytes: Int, lines: Int)
    /// So many bytes more of what is no entry.
    case skipped(bytes: Int, lines: Int)
    /// The window ends inside of the entry.
    case incomplete
}

/// Why bytes of a log are no entry.
package enum MalformedEntry: String, Sendable, CaseIterable {
    case notCSV = "not a row of a csvlog"
    case columns = "a csvlog row with fewer than 22 or more than 40 columns"
    case notJSON = "not a line of a jsonlog"
    case noTime = "an entry without a time that can be read"
    case notPrefixed = "a line that does not begin as the log's prefix says"
    case future = "an entry from the future"
    case tooLong = "an entry that is longer than an entry may be"
}

/// Cuts a log's bytes into entries. Invariant: every step but `incomplete` goes on by at least one byte.
protocol EntryReader {
    /// Reads at the beginning of `window`, which is not empty.
    ///
    /// - Parameter isEnd: there is nothing after the window now.
    /// - Throws: what concerns the log as a whole, as a time zone that is not known.
    mutating func next(_ window: UnsafeRawBufferPointer, isEnd: Bool) throws(LogImportError) -> EntryStep

    /// Passes over what is there, up to where the next entry may begin.
    mutating func beginSkipping()
}

extension EntryReader {
    /// Passes over the rest of a line.
    static func skippedLine(_ window: UnsafeRawBufferPointer, _ isSkipping: inout Bool) -> EntryStep {
        guard let newline = window.place(of: .newline) else { return .skipped(bytes: window.count, lines: 0) }
        isSkipping = false
        return .skipped(bytes: newline + 1, lines: 1)
    }
}
