// The output of `pg_dumpall --roles-only`: one statement a line. Roles belong to the whole server and stay when a
// database is emptied, so applying it again must do no harm.

/// The roles of a server, with their (hashed) passwords.
package struct RoleDump: Hashable, Sendable {
    package let statements: [String]

    package static let empty = RoleDump(text: "")

    init(statements: [String]) { self.statements = statements }

    package init(text: String) {
        statements = text.split(separator: "\n").map(String.init).filter { line in
            ["CREATE ROLE ", "ALTER ROLE ", "GRANT "].contains { line.hasPrefix($0) }
        }
    }

    /// Without the statements that define `user`: whoever applies them must not change its own password on the way.
    package func statements(without user: String) -> [String] {
        let quoted = "\"" + user.replacing("\"", with: "\"\"") + "\""
        return statements.filter { line in
            !["CREATE", "ALTER"].contains { verb in
                [user, quoted].contains { line.hasPrefix("\(verb) ROLE \($0) ") || line == "\(verb) ROLE \($0);" }
            }
        }
    }
}

// No password in a log, not even a hashed one.
extension RoleDump: CustomStringConvertible {
    package var description: String { "\(statements.count) statements about roles" }
}
