/// Why a trace could not be read: what is wrong, where, and what was expected.
package struct TraceError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        case cannotOpen, cannotRead, notText, lineTooLong, wrongHeader, wrongColumnCount, notATimestamp, notALoad
        case notABoolean, endsBeforeStart, lastsTooLong, notInOrder, offTheGrid, emptySegment, unclosedQuote
        case notAnUplift, notADuration, notANumber, emptyMetric, tooCoarse
    }

    package let code: Code
    package let file: String
    /// Counted from 1; 0 where no line is to blame.
    package let line: Int
    /// The name of the column; nil where no single one is to blame.
    package let column: String?
    package let message: String

    package var description: String {
        let place = line == 0 ? file : "\(file):\(line)" + (column.map { ", column \($0)" } ?? "")
        return "\(place): \(message)"
    }
}
