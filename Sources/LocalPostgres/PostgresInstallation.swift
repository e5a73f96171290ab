import Foundation

// Where PostgreSQL's server programs are. Debian keeps them out of PATH, one directory for each major version.

/// The programs of one PostgreSQL version on this machine.
package struct PostgresInstallation: Sendable, Hashable {
    /// The oldest major version whose publications have row filters.
    package static let oldestMajorVersion = 15
    private static let debianRoot = "/usr/lib/postgresql"

    package let binDirectory: String
    package let majorVersion: Int

    package func program(_ name: String) -> String { "\(binDirectory)/\(name)" }

    /// Looks at `FORESHARD_PG_BIN`, then Debian's directories (newest version first), then PATH.
    package static func find(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws -> PostgresInstallation {
        if let chosen = environment["FORESHARD_PG_BIN"] {
            guard let found = await inspect(chosen) else {
                throw LocalPostgresError(
                    .noInstallation,
                    "FORESHARD_PG_BIN is \(chosen), but no postgres and initdb of version \(oldestMajorVersion) or "
                        + "newer are there. Set it to the directory that holds them."
                )
            }
            return found
        }
        for directory in debianDirectories() + pathDirectories(environment) {
            if let found = await inspect(directory) { return found }
        }
        throw LocalPostgresError(
            .noInstallation,
            "no PostgreSQL server \(oldestMajorVersion) or newer was found in \(debianRoot) or PATH. "
                + "Run scripts/bootstrap, or set FORESHARD_PG_BIN to the directory that holds initdb and postgres."
        )
    }

    private static func debianDirectories() -> [String] {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: debianRoot)) ?? []
        return versions.compactMap(Int.init).sorted(by: >).map { "\(debianRoot)/\($0)/bin" }
    }

    private static func pathDirectories(_ environment: [String: String]) -> [String] {
        (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    }

    private static func inspect(_ directory: String) async -> PostgresInstallation? {
        let files = FileManager.default
        guard files.isExecutableFile(atPath: "\(directory)/postgres"),
            files.isExecutableFile(atPath: "\(directory)/initdb"),
            let version = await majorVersion(of: "\(directory)/postgres"), version >= oldestMajorVersion
        else { return nil }
        return PostgresInstallation(binDirectory: directory, majorVersion: version)
    }

    /// From `postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)`.
    static func majorVersion(inBanner banner: String) -> Int? {
        guard let version = banner.split(separator: ")").dropFirst().first?.split(separator: " ").first else {
            return nil
        }
        return Int(version.prefix { $0.isNumber })
    }

    private static func majorVersion(of postgres: String) async -> Int? {
        guard let output = try? await Command([postgres, "--version"]).run() else { return nil }
        return majorVersion(inBanner: output)
    }
}
