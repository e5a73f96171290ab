/// What is wrong in the configuration, where it stands, and what to do.
package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    package let file: String
    /// 1-based; nil when no single line is to blame.
    package let line: Int?
    /// The setting, as `controller.threshold`; empty for the file as a whole.
    package let path: String
    package let message: String

    package var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return path.isEmpty ? "\(place): \(message)" : "\(place): \(path): \(message)"
    }
}
