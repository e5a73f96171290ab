// The commands that change something. Each is one order to the running server, which writes it into the audit.
import Admin
import ArgumentParser
import ControlPlane

struct Move: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Move a segment to another instance, online.",
        discussion: """
            The segment is copied while it is used; then its statements wait for some milliseconds while ownership \
            changes. The old owner follows until the move is final, so `foreshard revert` is as fast. \
            Watch it with `foreshard moves`.
            """)
    @OptionGroup var server: ServerOptions

    @Argument(help: "The segment.")
    var segment: String

    @Option(help: "The instance to move it to.")
    var to: String

    func run() async throws {
        let data = try await server.client().post("move", MoveRequest(segment: segment, to: to))
        try server.print(data, as: OrderView.self) { $0.message }
    }
}

struct Revert: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Undo a move: drop its copy, or give the segment back.")
    @OptionGroup var server: ServerOptions

    @Argument(help: "The move, as `foreshard moves` shows it.")
    var move: String

    func run() async throws {
        let data = try await server.client().post("revert", RevertRequest(move: move))
        try server.print(data, as: OrderView.self) { $0.message }
    }
}

struct Mode: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Change what the controller may do, until the next start.",
        discussion: """
            observe: no move. recommend: what you order. auto: what it plans. In each it gives an instance that stands \
            empty back to the pool.
            """)
    @OptionGroup var server: ServerOptions

    @Argument(help: "observe, recommend or auto.")
    var mode: String

    func run() async throws {
        let data = try await server.client().post("mode", ModeRequest(mode: mode))
        try server.print(data, as: OrderView.self) { $0.message }
    }
}
