import Admin
import ArgumentParser
import ClusterModel
import ControlPlane
import Foundation
import Routing

struct Route: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Where a statement would go, and why, without running it.",
        discussion: """
            Asks the running server, which knows where the segments are now. When nobody listens at its admin port, \
            the first placement of the configuration stands in, and the answer says so.
            """)
    @OptionGroup var server: ServerOptions

    @Argument(help: "One or more SQL statements.")
    var sql: String

    func run() async throws {
        let data: Data
        do {
            data = try await server.client().get("route", ["sql": sql])
        } catch let error as AdminError {
            let configuration = try server.configuration()
            guard configuration.admin.isRefusing() else { throw error }
            data = try AdminClient.encode(
                RouteView(
                    firstPlacementOf: sql, table: FirstPlacement.table(of: configuration),
                    unsharded: configuration.unsharded))
        }
        try server.print(data, as: RouteView.self) { view in
            let caution = view.isFirstPlacement ? ["nobody listens; by the first placement of \(server.config):"] : []
            return (caution + view.statements.map { text(of: $0) }).joined(separator: "\n")
        }
    }

    private func text(of statement: RouteView.Statement) -> String {
        switch statement.decision {
        case "segment":
            "\(statement.kind): segment \(statement.segment ?? "?") on \(statement.instance ?? "?"): \(statement.reason)"
        case "unsharded": "\(statement.kind): instance \(statement.instance ?? "?"): \(statement.reason)"
        case "refused": "\(statement.kind): refused (0A000): \(statement.reason)\nhint: \(statement.hint ?? "-")"
        default: "\(statement.kind): \(statement.decision): \(statement.reason)"
        }
    }
}
