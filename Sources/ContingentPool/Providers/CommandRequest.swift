// What a user's command is told; docs/POOL.md is the contract.
import ClusterModel
import Foundation

/// An operation of a provider, by the name that the command is told.
package enum CommandOperation: String, Codable, Sendable, CaseIterable {
    case provision, start, stop, wipe, remove, check
}

/// What a command reads from its standard input: one line of JSON.
struct CommandRequest: Encodable {
    static let version = 1

    let operation: CommandOperation
    let instance: InstanceID
    let zone: Zone
    /// Until the command is asked to end.
    let limit: Duration

    private enum Key: String, CodingKey {
        case version, operation, instance, zone
        case deadline = "deadline_seconds"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(Self.version, forKey: .version)
        try container.encode(operation, forKey: .operation)
        try container.encode(instance.text, forKey: .instance)
        try container.encode(zone.text, forKey: .zone)
        try container.encode(limit.inSeconds, forKey: .deadline)
    }

    func line() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }
}
