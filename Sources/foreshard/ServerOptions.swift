import Admin
import ArgumentParser
import ControlPlane
import Foundation
import Settings

/// How a command finds the running server: through the configuration that it was started with.
struct ServerOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The configuration that `foreshard serve` runs with.")
    var config = "foreshard.yaml"

    @Flag(help: "Print JSON.")
    var json = false

    /// Without the passwords that it takes from the environment: finding the server needs none.
    func configuration() throws -> Configuration { try readConfiguration(config, withPasswords: false) }

    func client() throws -> AdminClient {
        let configuration = try configuration()
        return AdminClient(
            host: configuration.admin.host, port: configuration.admin.port,
            token: try AdminToken.load(from: configuration.dataDirectory))
    }

    /// Asks the server and prints: the JSON as it came, or what `text` makes of it.
    func show<Value: Decodable>(
        _ type: Value.Type, from path: String, _ parameters: [String: String] = [:], text: (Value) -> String
    ) async throws {
        try print(await client().get(path, parameters), as: type, text: text)
    }

    /// The server's cluster time, as views show times; JSON needs none, so nothing is asked for it.
    func clusterTime() async throws -> String {
        guard !json else { return "" }
        return try AdminClient.decode(StatusView.self, try await client().get("status")).now
    }

    func print<Value: Decodable>(_ data: Data, as type: Value.Type, text: (Value) -> String) throws {
        let output = json ? String(decoding: data, as: UTF8.self) : text(try AdminClient.decode(type, data)) + "\n"
        FileHandle.standardOutput.write(Data(output.utf8))
    }
}

/// - Parameter withPasswords: false for commands that only look; then the environment's passwords may be missing.
func readConfiguration(_ path: String, withPasswords: Bool) throws -> Configuration {
    guard let data = FileManager.default.contents(atPath: path) else {
        throw AdminError("cannot read \(path): write one with `foreshard init`, or name another with --config")
    }
    return try Configuration.read(
        String(decoding: data, as: UTF8.self), file: path,
        environment: withPasswords ? ProcessInfo.processInfo.environment : nil)
}
