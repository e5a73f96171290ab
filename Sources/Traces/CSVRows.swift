// Comma-separated rows as RFC 4180 writes them, except that a field does not run over lines. The header names the
// columns and must be the expected one, so that a wrong file is refused at its first line.

/// The rows of a CSV file with a known header, one at a time.
struct CSVRows: ~Copyable {
    private var lines: TextLines
    private let file: String
    let header: [String]

    /// - Parameters:
    ///   - optional: columns that may follow, all of them or none.
    ///   - alternative: another header that is as good.
    init(
        path: String, header: [String], optional: [String] = [], alternative: [String]? = nil
    ) throws(TraceError) {
        var lines = try TextLines(path: path)
        let expected = header.joined(separator: ",")
        let first = try lines.next() ?? ""
        let full = header + optional
        guard let found = [header, full, alternative ?? header].first(where: { $0.joined(separator: ",") == first })
        else {
            let other = alternative.map { " or `\($0.joined(separator: ","))`" } ?? ""
            throw TraceError(
                code: .wrongHeader,
                file: path,
                line: 1,
                column: nil,
                message: "the header must be `\(expected)`\(other)\(Self.mayFollow(optional)), "
                    + "not `\(first.prefix(80))`"
            )
        }
        self.lines = lines
        file = path
        self.header = found
    }

    private static func mayFollow(_ optional: [String]) -> String {
        optional.isEmpty ? "" : ", which `,\(optional.joined(separator: ","))` may follow"
    }

    /// The fields of the next line that is not empty; nil after the last.
    mutating func next() throws(TraceError) -> [String]? {
        while let line = try lines.next() {
            if line.isEmpty { continue }
            let fields = try fields(of: line)
            guard fields.count == header.count else {
                throw failure(.wrongColumnCount, "has \(fields.count) columns; \(header.count) are expected")
            }
            return fields
        }
        return nil
    }

    /// The line of the row that came last, counted from 1.
    var lineNumber: Int { lines.lineNumber }

    /// An error about the row that came last.
    func failure(_ code: TraceError.Code, column: String? = nil, _ message: String) -> TraceError {
        TraceError(code: code, file: file, line: lineNumber, column: column, message: message)
    }

    private func fields(of line: String) throws(TraceError) -> [String] {
        guard line.utf8.contains(UInt8(ascii: "\"")) else {
            return line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        var fields = [""]
        var isQuoted = false
        var rest = line[...]
        while let character = rest.popFirst() {
            switch character {
            case "\"" where isQuoted && rest.first == "\"":
                rest.removeFirst()
                fields[fields.count - 1].append("\"")
            case "\"": isQuoted.toggle()
            case "," where !isQuoted: fields.append("")
            default: fields[fields.count - 1].append(character)
            }
        }
        guard !isQuoted else { throw failure(.unclosedQuote, "has a quote that is not closed on its line") }
        return fields
    }
}
