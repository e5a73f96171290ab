import Admin
import ArgumentParser
import ControlPlane
import Foundation

struct Standbys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Standbys: whether they could take over, and what they lack.")
    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await server.show([StandbyView].self, from: "standbys") { views in
            guard !views.isEmpty else {
                return
                    "no standbys: name one, or `pool`, under `standby` of an instance in the configuration (docs/TAKEOVER.md)"
            }
            var table = TextTable(
                "INSTANCE", "ON", "STANDBY", "STATE", "LAG BYTES", "LAG S", "SYNCHRONOUS", "INSTANCE IS")
            for view in views {
                table.add(
                    view.instance, view.address, standby(of: view), view.state, view.lagBytes.map { "\($0)" } ?? "-",
                    number(view.lagSeconds, digits: 1), view.isSynchronous.map { $0 ? "yes" : "no" } ?? "-",
                    view.verdict.replacing("_", with: " "))
            }
            let reasons = views.compactMap { view in view.reason.map { "\(view.instance): \($0)" } }
            return ([table.text] + reasons).joined(separator: "\n")
        }
    }

    private func standby(of view: StandbyView) -> String {
        let parts = [view.member, view.standby].compactMap(\.self)
        return parts.isEmpty ? "-" : parts.joined(separator: " at ")
    }
}

struct TakeoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "takeover",
        abstract: "Let an instance's standby take over.",
        discussion: """
            The standby is promoted and the router goes there. An instance that still answers is shut first, and the \
            standby waits for the end of its log, so nothing is lost. Afterwards the instance has no standby \
            until the pool has made another (`standby: pool`), or you have made its old server one.
            """)
    @OptionGroup var server: ServerOptions

    @Argument(help: "The instance.")
    var instance: String

    @Flag(help: "Do not ask.")
    var yes = false

    func run() async throws {
        if !yes {
            FileHandle.standardError.write(
                Data("Promote the standby of \(instance)? Its present server will not be used again. [y/N] ".utf8))
            guard ["y", "yes"].contains((readLine() ?? "").lowercased()) else {
                throw AdminError("nothing was done: answer `y`, or give --yes")
            }
        }
        let data = try await server.client().post("takeover", TakeoverRequest(instance: instance))
        try server.print(data, as: OrderView.self) { $0.message }
    }
}
