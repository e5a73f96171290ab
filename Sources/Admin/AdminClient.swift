// The command line's side of the admin API.
import Foundation
import FoundationNetworking

package struct AdminClient: Sendable {
    private let base: String
    private let token: String

    package init(host: String, port: Int, token: String) {
        base = "http://\(host):\(port)/api/"
        self.token = token
    }

    /// The JSON text that the server answered.
    ///
    /// - Throws: `AdminError` when nobody answers, or with what the server refused.
    package func get(_ path: String, _ parameters: [String: String] = [:]) async throws -> Data {
        guard var components = URLComponents(string: base + path) else { throw AdminError("no such page: \(path)") }
        if !parameters.isEmpty {
            components.queryItems = parameters.sorted { $0.key < $1.key }.map {
                URLQueryItem(name: $0.key, value: $0.value)
            }
            // A plus sign is a space to a server that reads forms.
            components.percentEncodedQuery = components.percentEncodedQuery?.replacingOccurrences(of: "+", with: "%2B")
        }
        guard let url = components.url else { throw AdminError("no such page: \(path)") }
        return try await send(URLRequest(url: url))
    }

    package func post(_ path: String, _ body: some Encodable) async throws -> Data {
        guard let url = URL(string: base + path) else { throw AdminError("no such page: \(path)") }
        var request = URLRequest(url: url)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = try JSONEncoder().encode(body)
        return try await send(request)
    }

    /// Reads an answer.
    package static func decode<Value: Decodable>(_ type: Value.Type, _ data: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { path in SwiftName(snakeCase: path.last?.stringValue ?? "") }
        return try decoder.decode(type, from: data)
    }

    /// An answer as the server would give it.
    package static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return try encoder.encode(value) + Data("\n".utf8)
    }

    private func send(_ request: URLRequest) async throws -> Data {
        var request = request
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        request.timeoutInterval = 30
        let data: Data
        let response: URLResponse
        do {
            (data, response) = try await URLSession.shared.data(for: request)
        } catch {
            throw AdminError("nobody answers at \(base): is `foreshard serve` running?")
        }
        guard (response as? HTTPURLResponse)?.statusCode == 200 else {
            throw AdminError((try? Self.decode(ErrorView.self, data).error) ?? String(decoding: data, as: UTF8.self))
        }
        return data
    }
}

/// `segment_id` -> `segmentID`, the inverse of what the server's encoder does.
private struct SwiftName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(snakeCase name: String) {
        let words = name.split(separator: "_").map(String.init)
        stringValue = words.prefix(1).joined() + words.dropFirst().map { $0 == "id" ? "ID" : $0.capitalized }.joined()
    }

    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
