// What a user's command answers; docs/POOL.md is the contract.
//
// Invariant: nothing that a command wrote to its standard output is ever repeated in an error, because the answer may
// hold a password.
import ClusterModel
import Foundation

/// What a command wrote to its standard output. Fields that are not known here are ignored.
struct CommandAnswer: Sendable {
    /// What is wrong with it, and what it should be; says nothing of what it is.
    struct Flaw: Error {
        let sentence: String
    }

    private let fields: Fields?

    /// Nothing at all is an answer without fields.
    init(_ output: [UInt8]) throws(Flaw) {
        let isBlank = output.allSatisfy { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard !isBlank else {
            fields = nil
            return
        }
        guard let fields = try? JSONDecoder().decode(Fields.self, from: Data(output)) else {
            throw Flaw(
                sentence: "its standard output (\(output.count) bytes) is not one JSON object: print the answer there, "
                    + "and everything else to standard error")
        }
        self.fields = fields
    }

    /// The answer to `start`.
    /// - Parameter environment: where `password_env` is looked up.
    func endpoint(environment: [String: String]) throws(Flaw) -> Endpoint {
        guard let fields else {
            throw Flaw(sentence: "it printed nothing: answer with host, port, database and user")
        }
        return Endpoint(
            host: try fields.required(.host), port: try fields.requiredPort(), database: try fields.required(.database),
            user: try fields.required(.user), password: try password(fields, environment))
    }

    private func password(_ fields: Fields, _ environment: [String: String]) throws(Flaw) -> String? {
        switch (try fields.text(.password), try fields.text(.passwordVariable)) {
        case (let password, nil): return password
        case (nil, let variable?):
            guard let value = environment[variable] else {
                throw Flaw(
                    sentence: "`password_env` names a variable that the environment of `foreshard serve` does not have")
            }
            return value
        case (_?, _?): throw Flaw(sentence: "give `password` or `password_env`, not both")
        }
    }
}

/// The known fields of an answer, each for itself: what is wrong with one that nobody asks for does not matter.
private struct Fields: Decodable, Sendable {
    enum Key: String, CodingKey {
        case host, port, database, user, password
        case passwordVariable = "password_env"
    }

    private enum Field<Value: Sendable>: Sendable {
        case absent
        case wrong
        case value(Value)
    }

    private var texts: [Key: Field<String>] = [:]
    private let port: Field<Int>

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        func field<Value: Decodable & Sendable>(_ key: Key, _: Value.Type) -> Field<Value> {
            do { return try container.decodeIfPresent(Value.self, forKey: key).map { .value($0) } ?? .absent } catch {
                return .wrong
            }
        }
        port = field(.port, Int.self)
        for key in [Key.host, .database, .user, .password, .passwordVariable] { texts[key] = field(key, String.self) }
    }

    func required(_ key: Key) throws(CommandAnswer.Flaw) -> String {
        guard let text = try text(key) else {
            throw CommandAnswer.Flaw(
                sentence: "`\(key.rawValue)` is missing: answer with host, port, database and user")
        }
        return text
    }

    func requiredPort() throws(CommandAnswer.Flaw) -> Int {
        guard case .value(let port) = port, (1...65535).contains(port) else {
            throw CommandAnswer.Flaw(sentence: "`port` must be a whole number from 1 to 65535, without quotes")
        }
        return port
    }

    /// Nil when it is missing or null.
    func text(_ key: Key) throws(CommandAnswer.Flaw) -> String? {
        switch texts[key] ?? .absent {
        case .absent: return nil
        case .value(let text) where !text.isEmpty && !text.contains("\0"): return text
        case .value, .wrong: throw CommandAnswer.Flaw(sentence: "`\(key.rawValue)` must be text, and not empty")
        }
    }
}
