// The contingent instances: what they are, and lending them to others.
import Admin
import ArgumentParser
import ControlPlane
import Foundation

struct Pool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The contingent instances, and lending them to others.",
        discussion: """
            Without a subcommand: every instance, who has it and for how long, and what lending brought and idling cost.
            """,
        subcommands: [PoolShow.self, PoolLend.self, PoolRenew.self, PoolRecall.self, PoolClear.self],
        defaultSubcommand: PoolShow.self)
}

struct PoolShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "The contingent instances and their leases.")
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let (contingencies, account) = server.json ? (nil, nil) : (try await contingencies(), try await account())
        try await server.show([PoolMemberView].self, from: "pool") { members in
            guard !members.isEmpty else { return "the pool is empty: see `pool` in the configuration" }
            var table = TextTable("INSTANCE", "PROVIDER", "ZONE", "STATE", "ENDPOINT", "")
            for member in members {
                table.add(
                    member.id, member.provider, member.zone, member.state, member.endpoint ?? "-", member.reason ?? "")
            }
            return [table.text, contingencies, leases(of: members), account].compactMap(\.self).joined(
                separator: "\n\n")
        }
    }

    private func leases(of members: [PoolMemberView]) -> String? {
        let lent = members.compactMap { member in member.lease.map { (member.id, $0) } }
        guard !lent.isEmpty else { return nil }
        var table = TextTable("LENT", "EPOCH", "TO", "PURPOSE", "PRICE/H", "NOTICE S", "LEFT", "")
        for (id, lease) in lent {
            table.add(
                id, "\(lease.epoch)", lease.holder, lease.purpose, number(lease.pricePerHour),
                number(lease.noticeSeconds, digits: 0), timeLeft(lease.secondsLeft), lease.reason ?? "")
        }
        return table.text
    }

    /// What each home has in other zones; nil where all is in one.
    private func contingencies() async throws -> String? {
        let views = try AdminClient.decode(
            [ContingencyView].self, try await server.client().get("pool/contingencies"))
        guard !views.isEmpty else { return nil }
        var table = TextTable("HOME", "ZONE", "IN OTHER ZONES", "WARM", "")
        for view in views {
            table.add(
                view.home, view.zone, "\(view.designated)", "\(view.warm)",
                view.complaint.map { "ALARM, no contingency: \($0)" } ?? "")
        }
        return table.text
    }

    private func account() async throws -> String? {
        let account = try AdminClient.decode(PoolAccountView.self, try await server.client().get("pool/account"))
        guard account.leasesRunning + account.leasesEnded > 0 || account.idleHours > 0 else { return nil }
        let latency = account.revocationSeconds95.map { ", 95 % of them within \(number($0, digits: 1)) s" } ?? ""
        return """
            leases: \(account.leasesRunning) running, \(account.leasesEnded) over, \(account.revocations) revoked\(latency)
            lent \(number(account.lesseeHours)) h for \(number(account.income)); \
            idle \(number(account.idleHours)) h at a cost of \(number(account.idleCost))
            """
    }
}

/// `1h 59m`, `12m 30s`, `8s`.
func timeLeft(_ seconds: Double) -> String {
    let whole = Int(max(0, seconds.isFinite ? min(seconds, 1e9) : 0))
    if whole >= 3600 { return "\(whole / 3600)h \(whole % 3600 / 60)m" }
    return whole >= 60 ? "\(whole / 60)m \(whole % 60)s" : "\(whole)s"
}

struct PoolLend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lend", abstract: "Lend a warm instance to somebody else, until the service needs it.",
        discussion: """
            The lessee gets a role and a database of its own, and loses both, with all data, when the lease ends. The \
            connection string is printed once and kept nowhere.
            """)
    @OptionGroup var server: ServerOptions

    @Argument(help: "The instance, or `any`.")
    var member: String

    @Option(help: "Who gets it.")
    var to: String

    @Option(help: "What for.")
    var purpose: String

    @Option(name: .customLong("for"), help: "How long, such as 30m or 2h.")
    var lasting = "1h"

    @Option(help: "How long the lessee may stay after the lease was revoked.")
    var notice = "0s"

    @Option(help: "What an hour costs the lessee.")
    var price = 0.0

    @Option(help: "End the lease when it was not renewed for this long.")
    var heartbeat: String?

    @Option(help: "A program, in the directory `pool.lend.hooks`, that is told when the lease begins and ends.")
    var hook: String?

    func run() async throws {
        let data = try await server.client().post(
            "pool/lend",
            LendRequest(
                member: member == "any" ? nil : member, to: to, purpose: purpose, lasting: lasting, notice: notice,
                price: price, heartbeat: heartbeat, hook: hook))
        try server.print(data, as: LeaseGrantView.self) { grant in
            """
            \(grant.member) is lent to \(grant.lease.holder) until \(grant.lease.expiresAt), lease epoch \
            \(grant.lease.epoch)
            \(grant.connection)
            """
        }
    }
}

struct PoolRenew: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew", abstract: "The lessee's sign of life; with --for, a longer lease.")
    @OptionGroup var server: ServerOptions

    @Argument(help: "The instance.")
    var member: String

    @Option(help: "The lease's epoch, as `foreshard pool lend` printed it: a lease that is over is not renewed.")
    var epoch: Int64

    @Option(name: .customLong("for"), help: "From now to the new end. Without it the end stays.")
    var lasting: String?

    func run() async throws {
        let data = try await server.client().post(
            "pool/renew", RenewRequest(member: member, epoch: epoch, lasting: lasting))
        try server.print(data, as: LeaseView.self) { "lease \($0.epoch) of \(member) lasts until \($0.expiresAt)" }
    }
}

struct PoolRecall: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recall", abstract: "Take a lent instance back, with the notice that was agreed.")
    @OptionGroup var server: ServerOptions

    @Argument(help: "The instance.")
    var member: String

    @Flag(help: "Without notice.")
    var now = false

    func run() async throws {
        let data = try await server.client().post("pool/recall", RecallRequest(member: member, now: now))
        try server.print(data, as: OrderView.self) { $0.message }
    }
}

struct PoolClear: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clear", abstract: "Empty an instance that was set aside, and use it again.",
        discussion: """
            What is on it is removed for good. A home's server that a standby took over from is set aside like this: it may \
            hold the end of a log that nobody else has.
            """)
    @OptionGroup var server: ServerOptions

    @Argument(help: "The instance.")
    var member: String

    @Flag(help: "Do not ask.")
    var yes = false

    func run() async throws {
        if !yes {
            FileHandle.standardError.write(Data("Remove everything that is on \(member)? [y/N] ".utf8))
            guard ["y", "yes"].contains((readLine() ?? "").lowercased()) else {
                throw AdminError("nothing was done: answer `y`, or give --yes")
            }
        }
        let data = try await server.client().post("pool/clear", ClearRequest(member: member))
        try server.print(data, as: OrderView.self) { $0.message }
    }
}
