// `synchronous_standby_names`, as far as one question needs it: is everything that was acknowledged on this standby?
// Source: PostgreSQL documentation, "Replication", synchronous_standby_names; src/backend/replication/syncrep_gram.y.

package struct SynchronousStandbys: Hashable, Sendable {
    /// How many of the named standbys have to confirm a commit.
    package let count: Int
    package let names: [String]

    /// Nil for an empty text, and for one that is not understood.
    package init?(_ text: String) {
        let trimmed = text.trimmed
        guard !trimmed.isEmpty else { return nil }
        guard let open = trimmed.firstIndex(of: "("), trimmed.hasSuffix(")") else {
            count = 1
            names = Self.names(in: trimmed)
            return
        }
        let words = trimmed[..<open].split(whereSeparator: \.isWhitespace)
        guard let last = words.last, let number = Int(last), number > 0 else { return nil }
        count = number
        names = Self.names(in: trimmed[trimmed.index(after: open)...].dropLast())
    }

    private static func names(in list: some StringProtocol) -> [String] {
        list.split(separator: ",").map { unquoted(String($0).trimmed) }
    }

    private static func unquoted(_ name: String) -> String {
        guard name.count >= 2, name.hasPrefix("\""), name.hasSuffix("\"") else { return name }
        let inside = String(name.dropFirst().dropLast())
        return inside.split(separator: "\"\"", omittingEmptySubsequences: false).joined(separator: "\"")
    }

    /// Whether no commit is acknowledged that this standby has not confirmed: all that are named must confirm, and it is
    /// named itself. Names are compared as PostgreSQL does, without regard to case.
    package func alwaysIncludes(_ name: String) -> Bool {
        count >= names.count && !names.contains("*") && names.contains { $0.lowercased() == name.lowercased() }
    }
}

extension String {
    fileprivate var trimmed: String {
        let rest = drop(while: \.isWhitespace)
        return String(rest.reversed().drop(while: \.isWhitespace).reversed())
    }
}

/// The connection string of a WAL receiver, as pg_stat_wal_receiver shows it.
package enum ReceiverConnection {
    /// What the receiver calls itself at the primary; nil when the text does not say.
    package static func applicationName(in text: String) -> String? {
        value("application_name", in: text) ?? value("fallback_application_name", in: text)
    }

    private static func value(_ key: String, in text: String) -> String? {
        for word in text.split(separator: " ") {
            let parts = word.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0] == key else { continue }
            let value = String(parts[1])
            return value.count >= 2 && value.hasPrefix("'") && value.hasSuffix("'")
                ? String(value.dropFirst().dropLast()) : value
        }
        return nil
    }
}
