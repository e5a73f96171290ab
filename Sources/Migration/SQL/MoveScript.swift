// A move as text: every statement that changes an instance, in order, for a dry run. Nothing is connected to; what only
// the instances know (columns, the snapshot's name, sequences, pages) is shown as a placeholder in angle brackets.
// Passwords are never in it.
import ClusterModel
import PostgresClient

/// One statement of a move, and where it runs.
package struct ScriptLine: Hashable, Sendable, CustomStringConvertible {
    package let step: MoveStep
    package let instance: InstanceID
    package let sql: String

    package var description: String { "\(instance): \(sql)" }
}

package struct MoveScript: Sendable {
    private let sql: MoveSQL
    private let record: MoveRecord
    private let endpoints: [Side: Endpoint]
    private let configuration: MoveConfiguration

    package init(_ record: MoveRecord, source: Endpoint, target: Endpoint, configuration: MoveConfiguration) {
        self.record = record
        sql = MoveSQL(record.order)
        endpoints = [.source: source.withoutPassword, .target: target.withoutPassword]
        self.configuration = configuration
    }

    /// The statements of the given states' work, up to the decision and beyond it.
    package func lines(of states: [MoveState]) -> [ScriptLine] {
        states.flatMap { state in
            state.work.flatMap { $0 }.flatMap { step in
                statements(step, owner: state.owner).map { side, text in
                    ScriptLine(step: step, instance: record.order.instance(side), sql: text)
                }
            }
        }
    }

    /// A whole move: preparation, cut-over, the end.
    package var move: [ScriptLine] {
        lines(of: [
            .planned, .prechecked, .prepared, .streaming, .copied, .fenced, .switchDecided, .finalizing, .cleaning,
        ])
    }

    private func statements(_ step: MoveStep, owner: Side) -> [(Side, String)] {
        switch step {
        case .precheck, .verify, .closeGate, .decide, .publish, .reopenGate: []
        case .furnish: both { _ in MoveSQL.furnish(term: record.term) }
        case .register:
            both { sql.createRegister($0 == .source ? record.epoch : record.epoch.fenced, term: record.term) }
        case .guardTables:
            both { _ in sql.tables.flatMap { [MoveSQL.keepOff(sql.qualified($0))] + sql.createGuard(on: $0) } }
        case .publishForward: [(.source, sql.createPublication(.forward, armed: true))]
        case .slotForward: [(.source, sql.createSlotWithSnapshot(.forward))]
        case .subscribeForward: subscription(.forward)
        case .copy: copy
        case .catchUp: [(.target, sql.enableSubscription(.forward))] + token(.forward)
        case .publishReverse: [(.target, sql.createPublication(.reverse, armed: false))]
        case .slotReverse: [(.target, sql.createSlot(.reverse))]
        case .subscribeReverse: subscription(.reverse) + [(.source, sql.enableSubscription(.reverse))]
        case .analyze: [(.target, sql.analyze(sql.tables))]
        case .roundTrip: token(.reverse)
        case .checkGate: StreamDirection.allCases.flatMap(token)
        case .lock: both { _ in sql.lockTables(within: configuration.vacuumYieldsWithin) }
        case .fence:
            on(owner, sql.fence(record.epoch, term: record.term, drainWithin: configuration.fenceDrainWithin))
        case .disarm: on(owner, [sql.sendToken(.from(owner))] + sql.disarm(.from(owner)))
        case .awaitApplied: on(owner.other, [sql.hasToken(.from(owner), 0), MoveSQL.flushLog])
        case .own: on(owner, sql.own(.from(owner), epoch: record.epoch.next, term: record.term))
        case .unfence:
            on(
                owner,
                [sql.setPublication(.from(owner), armed: true), sql.setRegister(record.epoch, term: record.term)]
            )
        case .dropStreams: StreamDirection.allCases.flatMap(dropStream)
        case .releaseOwner: dropGuards(owner)
        case .deleteRows: [(owner.other, MoveSQL.actAsReplica)] + sql.tables.map { (owner.other, deletion($0)) }
        case .dropObjects: dropGuards(owner.other) + both { _ in StreamDirection.allCases.map(deleteTokens) }
        }
    }

    private func on(_ side: Side, _ statements: [String]) -> [(Side, String)] { statements.map { (side, $0) } }

    private func both(_ statements: (Side) -> [String]) -> [(Side, String)] {
        Side.allCases.flatMap { on($0, statements($0)) }
    }

    private func subscription(_ direction: StreamDirection) -> [(Side, String)] {
        let publisher = direction.publisher
        return on(publisher.other, sql.createSubscription(direction, to: endpoints[publisher]!))
    }

    private func token(_ direction: StreamDirection) -> [(Side, String)] {
        [(direction.publisher, sql.sendToken(direction)), (direction.publisher.other, sql.hasToken(direction, 0))]
    }

    private var copy: [(Side, String)] {
        sql.tables.flatMap { table in
            on(.source, [MoveSQL.beginWithSnapshot("<snapshot>"), sql.copyOut(table, columns: ["<columns>"])])
                + on(.target, [MoveSQL.actAsReplica, sql.copyIn(table, columns: ["<columns>"])])
        }
    }

    private func dropStream(_ direction: StreamDirection) -> [(Side, String)] {
        let name = sql.names.stream(direction)
        return on(direction.publisher.other, MoveSQL.dropSubscription(name))
            + on(direction.publisher, [MoveSQL.dropSlot(name), MoveSQL.dropPublication(name)])
    }

    private func dropGuards(_ side: Side) -> [(Side, String)] {
        on(side, sql.tables.map(sql.qualified).flatMap(sql.dropGuard) + [MoveSQL.dropRegister(sql.names.register)])
    }

    private func deletion(_ table: ShardedTable) -> String {
        sql.deleteRows(table, pages: 0..<configuration.deletePagesPerBatch)
    }

    private func deleteTokens(_ direction: StreamDirection) -> String {
        MoveSQL.deleteTokens(sql.names.stream(direction))
    }
}

extension Endpoint {
    fileprivate var withoutPassword: Endpoint {
        Endpoint(
            host: host, port: port, database: database, user: user, password: password.map { _ in "***" }, tls: tls)
    }
}
