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

struct Approve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Carry out what the controller proposes in mode `recommend`.",
        discussion: """
            `foreshard plan` shows the proposals, each with its name in brackets. A move is approved as a whole: the \
            instance that it needs, the change of ownership, its end, and a revert if it does harm.
            """)
    @OptionGroup var server: ServerOptions

    @Argument(help: "The proposals, such as 3fa1.")
    var proposals: [String] = []

    @Flag(help: "All proposals of the latest plan.")
    var all = false

    func validate() throws {
        guard all != !proposals.isEmpty else {
            throw ValidationError("name proposals, or use --all: see `foreshard plan`")
        }
    }

    func run() async throws {
        let data = try await server.client().post("approve", ApprovalRequest(proposals: proposals))
        try server.print(data, as: OrderView.self) { $0.message }
    }
}

struct Freeze: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let nothing move for a while.",
        discussion: """
            No move begins and no segment changes owner, but to undo a move; copies that run go on. It outlasts a \
            restart. For times that you know in advance, such as backups, write events of the kind `freeze`.
            """)
    @OptionGroup var server: ServerOptions

    @Option(name: .customLong("for"), help: "How long: 30m, 2h, 1d.")
    var span: String

    @Option(help: "Why, for the audit and for whoever wonders.")
    var reason: String

    func run() async throws {
        let request = FreezeRequest(seconds: Int(try length(of: span, "for").inSeconds.rounded(.up)), reason: reason)
        try server.print(try await server.client().post("freeze", request), as: OrderView.self) { $0.message }
    }
}

struct Thaw: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End what `foreshard freeze` began.")
    @OptionGroup var server: ServerOptions

    func run() async throws {
        try server.print(try await server.client().post("thaw", ThawRequest()), as: OrderView.self) { $0.message }
    }
}
