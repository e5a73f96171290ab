// The settings that a session carries from one instance connection to the next: what it asked for at start-up and the
// last SET or RESET of each name that it ran since, as SQL. A connection that carries others gets `RESET ALL` and these
// when it is granted to the session; equal settings cost a comparison of two numbers and of the bytes.
//
// Bytes, not strings: strings are equal under Unicode normalisation too, settings are not.
import NIOCore

package struct SessionSettings: Sendable, Hashable {
    private struct Setting: Sendable, Equatable {
        let name: ByteBuffer
        let statement: ByteBuffer

        var size: Int { name.readableBytes + statement.readableBytes }

        var fingerprint: Int {
            var hasher = Hasher()
            hasher.combine(statement)
            return hasher.finalize()
        }
    }

    /// In the order in which they were set last: a later one may depend on it, as a role does on an authorization.
    private var settings: [Setting] = []
    /// The sum of the settings' own.
    private var fingerprint = 0
    private(set) var bytes = 0

    package static let none = SessionSettings(startup: [])

    package init(startup pairs: [(name: String, value: String)]) {
        for (name, value) in pairs {
            set(name.lowercased(), "SELECT set_config(\(Self.literal(name)), \(Self.literal(value)), false)")
        }
    }

    var count: Int { settings.count }
    package var statements: [String] { settings.map { String(buffer: $0.statement) } }

    func statement(of name: String) -> String? {
        settings.first { $0.name == ByteBuffer(string: name) }.map { String(buffer: $0.statement) }
    }

    /// Takes the place of what was said of the name before.
    mutating func set(_ name: String, _ statement: String) {
        let setting = Setting(name: ByteBuffer(string: name), statement: ByteBuffer(string: statement))
        if let index = settings.firstIndex(where: { $0.name == setting.name }) {
            let earlier = settings.remove(at: index)
            fingerprint &-= earlier.fingerprint
            bytes -= earlier.size
        }
        settings.append(setting)
        fingerprint &+= setting.fingerprint
        bytes += setting.size
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

    /// One simple query that gives a connection these settings whatever it had; the answer is not the client's.
    /// RESET ALL goes back to what the connection's start-up packet said (`BackendLoginStateMachine.startup`).
    package var sql: String {
        (["SET SESSION AUTHORIZATION DEFAULT", "RESET ALL"] + statements).joined(separator: "\n;")
    }

    package static func == (a: Self, b: Self) -> Bool { a.fingerprint == b.fingerprint && a.settings == b.settings }

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
