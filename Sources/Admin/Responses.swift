import ControlPlane
import Foundation
import Hummingbird
import NIOCore

extension Response {
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let body = ByteBuffer(bytes: try AdminClient.encode(value))
        return Response(status: status, headers: [.contentType: "application/json"], body: .init(byteBuffer: body))
    }

    static func text(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}

/// What an error looks like to a client of the API.
package struct ErrorView: Codable, Sendable {
    package var error: String
}

/// Turns a thrown error into a JSON answer that says what was wrong.
struct ErrorsAsJSON: RouterMiddleware {
    func handle(
        _ request: Request, context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError {
            return try .json(ErrorView(error: error.body ?? "\(error.status)"), status: error.status)
        } catch {
            return try .json(ErrorView(error: "\(error)"), status: .badRequest)
        }
    }
}

/// Refuses requests without the token; compares in a time that does not tell how much of it was right.
struct TokenCheck: RouterMiddleware {
    let token: String

    func handle(
        _ request: Request, context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        let given = Array((request.headers[.authorization] ?? "").utf8)
        let wanted = Array("Bearer \(token)".utf8)
        let difference = zip(given, wanted).reduce(given.count ^ wanted.count) { $0 | Int($1.0 ^ $1.1) }
        guard difference == 0 else {
            throw HTTPError(
                .unauthorized, message: "the admin token is missing or wrong: see admin.token in the data directory")
        }
        return try await next(request, context)
    }
}
