import Admin
import ArgumentParser
import Foundation
import Settings

/// How a command finds the running server: through the configuration that it was started with.
struct ServerOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The configuration that `foreshard serve` runs with.")
    var config = "foreshard.yaml"

    @Flag(help: "Print JSON.")
    var json = false

    func configuration() throws -> Configuration { try readConfiguration(config) }

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

    func print<Value: Decodable>(_ data: Data, as type: Value.Type, text: (Value) -> String) throws {
        let output = json ? String(decoding: data, as: UTF8.self) : text(try AdminClient.decode(type, data)) + "\n"
        FileHandle.standardOutput.write(Data(output.utf8))
    }
}

func readConfiguration(_ path: String) throws -> Configuration {
    guard let data = FileManager.default.contents(atPath: path) else {
        throw AdminError("cannot read \(path): write one with `foreshard init`, or name another with --config")
    }
    return try Configuration.read(
        String(decoding: data, as: UTF8.self), file: path, environment: ProcessInfo.processInfo.environment)
}
