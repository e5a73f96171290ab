// The settings that a session carries from one instance connection to the next: what it asked for at start-up and the
// SET statements it ran since, as SQL. A connection that carries others gets `RESET` and these before the session's
// first statement there; equal settings cost a comparison of two numbers.

package struct SessionSettings: Sendable, Hashable {
    package private(set) var statements: [String]
    private var fingerprint: Int

    package static let none = SessionSettings(statements: [])

    private init(statements: [String]) {
        self.statements = statements
        fingerprint = statements.hashValue
    }

    package init(startup pairs: [(name: String, value: String)]) {
        self.init(
            statements: pairs.map {
                "SELECT set_config(\(Self.literal($0.name)), \(Self.literal($0.value)), false)"
            })
    }

    /// The settings in a start-up packet: `options` is split as PostgreSQL does (`-c name=value`, `--name=value`).
    package static func pairs(
        startup parameters: [(name: String, value: String)]
    ) -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        for (name, value) in parameters {
            switch name {
            case "user", "database", "replication": continue
            case "options": pairs += options(value)
            case _ where name.hasPrefix("_pq_."): continue
            default: pairs.append((name, value))
            }
        }
        return pairs
    }

    package mutating func append(_ statement: String) {
        self = SessionSettings(statements: statements + [statement])
    }

    /// One simple query that gives a connection these settings whatever it had; the answer is not the client's.
    package var sql: String {
        (["SET SESSION AUTHORIZATION DEFAULT", "RESET ALL"] + statements).joined(separator: "\n;")
    }

    package static func == (a: Self, b: Self) -> Bool {
        a.fingerprint == b.fingerprint && a.statements == b.statements
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }

    private static func literal(_ text: String) -> String {
        let quoted = "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
        guard quoted.contains("\\") else { return quoted }
        return " E" + quoted.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
    }

    private static func options(_ text: String) -> [(name: String, value: String)] {
        var words = words(text)[...]
        var pairs: [(name: String, value: String)] = []
        while let word = words.popFirst() {
            let setting: Substring
            if word == "-c" {
                setting = words.popFirst()?[...] ?? ""
            } else if word.hasPrefix("-c") || word.hasPrefix("--") {
                setting = word.dropFirst(2)
            } else {
                continue
            }
            guard let equals = setting.firstIndex(of: "=") else { continue }
            let name = setting[..<equals].split(separator: "-").joined(separator: "_")
            pairs.append((name, String(setting[setting.index(after: equals)...])))
        }
        return pairs
    }

    /// Words separated by white space; a backslash takes the next character as it is.
    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = ""
        var isEscaped = false
        for character in text {
            if isEscaped {
                word.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character.isWhitespace {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else {
                word.append(character)
            }
        }
        return word.isEmpty ? words : words + [word]
    }
}

/// What a statement that succeeded does to the session's settings.
package enum SettingsEffect: Sendable, Equatable {
    case append(String)
    case resetAll
}
