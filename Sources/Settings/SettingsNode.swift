// One place in the YAML document, which knows its path and line. Reading a setting marks it as known; `finish` refuses
// what was never read, so a misspelt setting is an error and not a silent default.
import ClusterModel
import Yams

final class SettingsNode {
    let file: String
    let path: String
    let node: Node
    private var known: Set<String> = []

    init(file: String, path: String, node: Node) {
        self.file = file
        self.path = path
        self.node = node
    }

    /// Parses a whole document.
    static func document(_ text: String, file: String) throws(ConfigurationError) -> SettingsNode {
        do {
            guard let node = try Yams.compose(yaml: text) else {
                throw ConfigurationError(file: file, line: nil, path: "", message: "the file is empty")
            }
            return SettingsNode(file: file, path: "", node: node)
        } catch let error as ConfigurationError {
            throw error
        } catch let error as YamlError {
            throw ConfigurationError(file: file, line: line(of: error), path: "", message: "not valid YAML: \(error)")
        } catch {
            throw ConfigurationError(file: file, line: nil, path: "", message: "not valid YAML: \(error)")
        }
    }

    private static func line(of error: YamlError) -> Int? {
        switch error {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
        default: nil
        }
    }

    func error(_ message: String) -> ConfigurationError {
        ConfigurationError(file: file, line: node.mark?.line, path: path, message: message)
    }

    // MARK: Children

    func child(_ key: String) throws(ConfigurationError) -> SettingsNode? {
        guard let mapping = node.mapping else { throw error("must be a mapping of settings") }
        known.insert(key)
        guard let value = mapping[Node(key)], value.null == nil || value.scalar?.style != .plain else { return nil }
        return SettingsNode(file: file, path: path.isEmpty ? key : "\(path).\(key)", node: value)
    }

    func required(_ key: String) throws(ConfigurationError) -> SettingsNode {
        guard let child = try child(key) else { throw error("the setting `\(key)` is missing") }
        return child
    }

    /// The items of a list.
    func items() throws(ConfigurationError) -> [SettingsNode] {
        guard let sequence = node.sequence else { throw error("must be a list") }
        return sequence.enumerated().map { SettingsNode(file: file, path: "\(path)[\($0.offset)]", node: $0.element) }
    }

    /// The settings of a mapping whose keys the user chooses, in the order of the file.
    func entries() throws(ConfigurationError) -> [(String, SettingsNode)] {
        guard let mapping = node.mapping else { throw error("must be a mapping") }
        var entries: [(String, SettingsNode)] = []
        for (key, value) in mapping {
            guard let name = key.string else { throw error("has a key that is not text") }
            entries.append((name, SettingsNode(file: file, path: "\(path).\(name)", node: value)))
        }
        return entries
    }

    /// Refuses settings that nothing has read.
    func finish() throws(ConfigurationError) {
        guard let mapping = node.mapping else { throw error("must be a mapping of settings") }
        for (key, _) in mapping {
            let name = key.string ?? ""
            guard !known.contains(name) else { continue }
            let nearest = known.min { editDistance($0, name) < editDistance($1, name) }
            let suggestion = nearest.flatMap { editDistance($0, name) <= 3 ? ": did you mean `\($0)`?" : nil }
            throw ConfigurationError(
                file: file,
                line: key.mark?.line,
                path: path,
                message: "unknown setting `\(name)`"
                    + (suggestion ?? "; known here: \(known.sorted().joined(separator: ", "))")
            )
        }
    }

    // MARK: Values

    func string() throws(ConfigurationError) -> String {
        guard let text = node.scalar?.string else { throw error("must be text") }
        guard !text.isEmpty else { throw error("must not be empty") }
        return text
    }

    func integer(in range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        guard let value = node.int, range.contains(value) else {
            throw error("must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func number(in range: ClosedRange<Double>) throws(ConfigurationError) -> Double {
        guard let value = node.float, range.contains(value) else {
            throw error("must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func flag() throws(ConfigurationError) -> Bool {
        guard let value = node.bool else { throw error("must be true or false") }
        return value
    }

    func choice<T: RawRepresentable & CaseIterable>(of: T.Type) throws(ConfigurationError) -> T
    where T.RawValue == String {
        guard let text = node.scalar?.string, let value = T(rawValue: text) else {
            throw error("must be one of \(T.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    /// `250ms`, `10s`, `5m`, `2h`, `7d`; `0m` only where none is an answer.
    func duration(orNone: Bool = false) throws(ConfigurationError) -> Duration {
        guard let text = node.scalar?.string, let value = Duration(text: text), value > .zero || orNone else {
            throw error("must be a length of time such as 250ms, 10s, 5m, 2h or 7d")
        }
        return value
    }
}

/// Levenshtein's distance, for "did you mean".
private func editDistance(_ a: String, _ b: String) -> Int {
    let b = Array(b)
    var row = Array(0...b.count)
    for (i, character) in a.enumerated() {
        var previous = row[0]
        row[0] = i + 1
        for j in b.indices {
            let substituted = previous + (character == b[j] ? 0 : 1)
            previous = row[j + 1]
            row[j + 1] = min(substituted, previous + 1, row[j] + 1)
        }
    }
    return row[b.count]
}
