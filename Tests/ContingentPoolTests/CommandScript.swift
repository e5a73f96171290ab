// Commands for `CommandProvider`, written by the tests: real programs that read JSON and answer with it.
import ClusterModel
import ContingentPool
import Foundation
import LocalPostgres

/// A bash script in a directory of its own, which is also where it keeps what it knows.
struct CommandScript {
    let directory: String
    private var path: String { directory + "/command.sh" }
    /// Bash reads the script, so that nobody executes a file that is being written.
    var command: [String] { ["/bin/bash", path] }

    /// What every script begins with: `$operation`, `$instance`, `$zone`, and a log of the requests.
    private static let prelude = """
        set -euo pipefail
        cd "$(dirname "$0")"
        request=$(cat)
        echo "$request" >> requests
        field() { sed -E "s/.*\\"$1\\":\\"?([^\\",}]*).*/\\1/" <<< "$request"; }
        operation=$(field operation) instance=$(field instance) zone=$(field zone)

        """

    init(_ body: String, in directory: String) throws {
        self.directory = directory
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Data((Self.prelude + body + "\n").utf8).write(to: URL(fileURLWithPath: path))
    }

    /// The requests, as the script got them.
    func requests() -> [String] { lines("requests") }

    /// `provision contingent-1`, ...
    func operations() -> [String] {
        requests().compactMap { line in
            guard let match = line.firstMatch(of: /"instance":"([^"]*)","operation":"([^"]*)"/) else { return nil }
            return "\(match.2) \(match.1)"
        }
    }

    func lines(_ file: String) -> [String] {
        let data = FileManager.default.contents(atPath: "\(directory)/\(file)") ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// A cloud whose instances are databases of one server, each named as its instance. Where there is a file `crash`,
    /// its `provision` or `wipe` ends in the middle.
    static func cloud(_ server: Endpoint, _ installation: PostgresInstallation, in directory: String) throws -> Self {
        let psql = "\(installation.program("psql")) -XqAt -v ON_ERROR_STOP=1 -d postgres"
        let place = "-h \(server.host) -p \(server.port) -U \(server.user)"
        return try CommandScript(
            #"""
            sql() { \#(psql) \#(place) -c "$1"; }
            drop() { sql "DROP DATABASE IF EXISTS \"$instance\" WITH (FORCE)"; }
            make() { sql "CREATE DATABASE \"$instance\" TEMPLATE template0"; }
            crash() { rm crash; sql "ALTER DATABASE \"$instance\" SET half.made = 'yes'"; exit 1; }
            case $operation in
                provision | wipe) drop; make; [ ! -e crash ] || crash ;;
                start) echo '{"host": "\#(server.host)", "port": \#(server.port), "user": "\#(server.user)",'
                    echo '"database": "'"$instance"'", "region": {"of": ["no", "interest"]}}' ;;
                remove) drop; echo '{}' ;;
                stop | check) ;;
                *) echo "unknown operation $operation" >&2; exit 2 ;;
            esac
            """#, in: directory)
    }
}

/// Lends a directory, and removes it.
func withDirectory(_ body: (String) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.path + "/foreshard-command-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await body(directory)
}

extension CommandProvider.Configuration {
    init(_ command: [String], instancesMax: Int = 2) {
        self.init(
            command: command, limits: CommandLimits(), zones: ["a", "b"], instancesMax: instancesMax, capacity: Load(4),
            costPerHour: 2)
    }
}
