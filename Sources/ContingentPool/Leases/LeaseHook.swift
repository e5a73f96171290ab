// A user's program that is told about a lease: JSON on its standard input, run directly, without a shell, for a bounded
// time. What it does and how it ends changes nothing about the lease.
//
// Invariant: only programs in one directory, which the configuration names, are ever run: the admin API may choose one of
// them, and cannot bring its own.
import ClusterModel
import Foundation
import LocalPostgres

/// One call of a hook.
struct LeaseHook: Sendable {
    enum Event: String, Encodable {
        case granted
        /// The time to write down what must not be lost.
        case revoking
        case ended
    }

    /// What the program reads. The lessee's password is not in it.
    private struct Message: Encodable {
        let event: Event
        let instance: String
        let epoch: Int64
        let holder: String
        let purpose: String
        let pricePerHour: Double
        let grantedAt: String
        let expiresAt: String
        /// When the lessee is cut off.
        let deadline: String?
        let reason: String?
        let host: String?
        let port: Int?
        let database: String
    }

    let path: String
    let limit: Duration
    private let message: Message

    init?(_ event: Event, _ lease: Lease, _ revocation: Revocation?, on member: PoolMember, within limit: Duration) {
        guard let path = lease.terms.hook else { return nil }
        self.path = path
        self.limit = limit
        message = Message(
            event: event, instance: member.id.text, epoch: lease.epoch.number, holder: lease.terms.holder,
            purpose: lease.terms.purpose, pricePerHour: lease.terms.pricePerHour,
            grantedAt: lease.grantedAt.description, expiresAt: lease.expiresAt.description,
            deadline: revocation?.deadline.description, reason: revocation.map { "\($0.reason)" },
            host: member.endpoint?.host, port: member.endpoint?.port, database: lease.roleName(on: member.id))
    }

    /// - Parameter directory: where programs may be.
    /// - Throws: when the program may not be run, cannot be started, fails, or was killed because it took too long.
    func run(in directory: String?) async throws {
        let program = try Self.program(path, in: directory)
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys]
        let input = String(decoding: try encoder.encode(message), as: UTF8.self) + "\n"
        try await Command([program], input: input).run(within: limit)
    }

    /// The program's real path, if it may be run.
    ///
    /// - Parameter path: absolute, or from the directory on.
    static func program(_ path: String, in directory: String?) throws(PoolError) -> String {
        guard let directory else {
            throw PoolError(
                .badTerms, "hooks are off: set pool.lend.hooks to the directory of the programs that may be hooks.")
        }
        let given = path.hasPrefix("/") ? path : "\(directory)/\(path)"
        guard let real = realPath(given), let inside = realPath(directory), real.hasPrefix(inside + "/"),
            isRegularFile(real), FileManager.default.isExecutableFile(atPath: real)
        else {
            throw PoolError(
                .badTerms, "the hook \(path) must be an executable file in \(directory) (pool.lend.hooks).")
        }
        return real
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func isRegularFile(_ path: String) -> Bool {
        (try? FileManager.default.attributesOfItem(atPath: path)[.type]) as? FileAttributeType == .typeRegular
    }
}
