import ArgumentParser

@main
struct ForeshardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "foreshard",
        abstract: "A PostgreSQL router that sees overload coming.",
        discussion: """
            Foreshard stands between applications and their PostgreSQL servers. It measures the load of each segment \
            of the data, forecasts it, and moves hot segments to contingent instances before the peak; when the peak \
            is over it takes them home.

            A first day with it:
              foreshard demo                 see it work on this machine, on servers of its own
              foreshard init                 write a configuration and check that your servers are fit
              foreshard serve                start the router; it begins in mode `observe` and moves nothing
              psql -h 127.0.0.1 -p 6432 ...  the application changes its port, nothing else
              foreshard forecast             what is expected
              foreshard plan                 what it would do about it
            Then set `controller.mode` to `recommend`, which asks for `foreshard approve`, and to `auto` when you trust it.
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(name: "Start", subcommands: [Demo.self, Init.self, Serve.self]),
            CommandGroup(
                name: "Look",
                subcommands: [
                    Status.self, Segments.self, Forecast.self, PlanCommand.self, Moves.self, Explain.self, Pool.self,
                    Standbys.self, Anomalies.self, Events.self, Metrics.self, Statements.self, Route.self,
                ]),
            CommandGroup(name: "Judge", subcommands: [BacktestCommand.self, Evaluate.self]),
            CommandGroup(name: "Learn", subcommands: [Import.self]),
            CommandGroup(
                name: "Order",
                subcommands: [
                    Move.self, Revert.self, TakeoverCommand.self, Approve.self, Freeze.self, Thaw.self, Mode.self,
                ]),
        ])
}
