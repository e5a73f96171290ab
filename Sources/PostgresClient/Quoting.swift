/// An identifier as SQL text: `order` -> `"order"`.
package func quoteIdentifier(_ name: String) -> String {
    "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
}

/// A string as an SQL literal, right whatever `standard_conforming_strings` says.
package func quoteLiteral(_ text: String) -> String {
    let quoted = "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    guard text.contains("\\") else { return quoted }
    return " E" + quoted.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
}
