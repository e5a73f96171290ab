/// Why an import stopped. What is wrong with single entries is in the report instead.
package struct LogImportError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        case cannotRead, unknownFormat, invalidPrefix, prefixLacks, unknownTimeZone, noTool, toolFailed
    }

    package let code: Code
    package let description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// The same, said of a place in a file.
    func at(_ place: String) -> LogImportError { LogImportError(code, "\(place): \(description)") }
}
