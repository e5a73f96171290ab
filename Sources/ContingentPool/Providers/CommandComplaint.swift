// Standard error of a user's command, for an error message that ends up in a log, in the catalog and on a terminal.

enum CommandComplaint {
    private static let linesMax = 10
    private static let charactersMax = 2000

    /// The last lines, bounded, without control characters: they would colour or move what comes after.
    static func lastLines(of bytes: [UInt8]) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        let printable = text.unicodeScalars.filter { $0 == "\n" || $0.properties.generalCategory != .control }
        let lines = String(String.UnicodeScalarView(printable)).split(separator: "\n").suffix(linesMax)
        return String(lines.joined(separator: "\n").suffix(charactersMax))
    }
}
