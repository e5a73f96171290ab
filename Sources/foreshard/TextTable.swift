import Foundation

/// Columns of text, aligned for a terminal; numbers to the right.
struct TextTable {
    private var rows: [[String]]

    init(_ header: String...) { rows = [header] }

    mutating func add(_ cells: String...) { rows.append(cells) }

    var text: String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
        let isNumeric = (0..<columns).map { column in
            rows.dropFirst().allSatisfy {
                $0.count <= column || $0[column].first.map { $0.isNumber || $0 == "-" } ?? true
            }
        }
        return rows.map { row in
            row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: max(0, widths[column] - cell.count))
                return isNumeric[column] ? padding + cell : cell + padding
            }.joined(separator: "  ").trimmedAtEnd
        }.joined(separator: "\n")
    }
}

extension String {
    fileprivate var trimmedAtEnd: String {
        var copy = self
        while copy.last == " " { copy.removeLast() }
        return copy
    }
}

/// With two decimals or as many as asked for; a dash for nothing.
func number(_ value: Double?, digits: Int = 2) -> String {
    guard let value, value.isFinite else { return "-" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    guard abs(value) < 1e12 else { return "\(value)" }
    let rounded = Int64((value * scale).rounded())
    let whole = abs(rounded) / Int64(scale)
    let fraction = String(abs(rounded) % Int64(scale))
    let sign = rounded < 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    return "\(sign)\(whole).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
}

func percent(_ share: Double?) -> String { share.map { "\(number($0 * 100, digits: 0)) %" } ?? "-" }

/// Prints a line at once, also into a pipe.
func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
