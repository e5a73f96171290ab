// Visits start when the curve says, whether or not earlier ones were answered (an open loop): a slow database meets a
// growing queue, as in life. A visit that finds no free connection waits, and that wait counts as latency.
import ClusterModel
import PostgresClient
import Synchronization

package final class OpenLoopReplay: Sendable {
    package struct Configuration: Sendable {
        package var connections: Int
        package var serviceTime: Duration
        package var orderShare: Double
        /// Orders that every customer was filled with: a browse that sees fewer has failed.
        package var filledOrders: Int
        package var seed: UInt64

        package init(connections: Int, serviceTime: Duration, orderShare: Double, filledOrders: Int, seed: UInt64) {
            self.connections = connections
            self.serviceTime = serviceTime
            self.orderShare = orderShare
            self.filledOrders = filledOrders
            self.seed = seed
        }
    }

    package struct Outcome: Sendable {
        package var timeline: LatencyTimeline
        package var ledger = WriteLedger()
        package var statements = 0
        package var failedStatements = 0
        /// The first failures, for the reader of the report.
        package var failures: [String] = []
    }

    private struct Arrival {
        let time: Double
        let visit: ShopVisit
    }

    /// What the workers share; the lock is held for a few instructions.
    private struct Shared {
        var outcome: Outcome
        var idle: [PostgresConnection] = []
        var waiting: [Arrival] = []
        var waitingHead = 0

        mutating func nextWaiting() -> Arrival? {
            guard waitingHead < waiting.count else { return nil }
            defer { waitingHead += 1 }
            return waiting[waitingHead]
        }
    }

    private let configuration: Configuration
    private let arrivals: [Arrival]
    private let shared: Mutex<Shared>
    private let clock = ContinuousClock()

    package init(curve: RateCurve, keys: ZipfKeys, configuration: Configuration) {
        self.configuration = configuration
        var generator = SeededGenerator(seed: configuration.seed)
        var visitors = ShopVisitors(keys: keys, orderShare: configuration.orderShare, seed: configuration.seed &+ 1)
        arrivals = curve.arrivals(using: &generator).map { Arrival(time: $0, visit: visitors.next()) }
        shared = Mutex(Shared(outcome: Outcome(timeline: LatencyTimeline(duration: curve.duration))))
    }

    /// Replays every arrival over the connections, closes them, and returns when the last was answered.
    package func run(on connections: [PostgresConnection]) async -> Outcome {
        shared.withLock { $0.idle = connections }
        await withDiscardingTaskGroup { group in
            let start = clock.now
            for arrival in arrivals {
                try? await clock.sleep(until: start + .seconds(arrival.time), tolerance: .milliseconds(1))
                guard let connection = admit(arrival) else { continue }
                group.addTask { await self.serve(arrival, on: connection, start: start) }
            }
        }
        await withDiscardingTaskGroup { group in
            for connection in connections { group.addTask { await connection.close() } }
        }
        return shared.withLock { $0.outcome }
    }

    /// Opens the visitors' connections.
    package func connect(to endpoint: Endpoint) async throws -> [PostgresConnection] {
        var connections: [PostgresConnection] = []
        for _ in 0..<configuration.connections {
            connections.append(try await PostgresConnection.connect(to: endpoint, applicationName: "shop"))
        }
        return connections
    }

    /// A free connection, or nil after queueing the arrival.
    private func admit(_ arrival: Arrival) -> PostgresConnection? {
        shared.withLock { shared in
            if let connection = shared.idle.popLast() { return connection }
            shared.waiting.append(arrival)
            return nil
        }
    }

    /// Serves an arrival and then the ones that waited, until none does.
    private func serve(_ first: Arrival, on connection: PostgresConnection, start: ContinuousClock.Instant) async {
        var current: Arrival? = first
        while let arrival = current {
            await serveOne(arrival, on: connection, start: start)
            current = shared.withLock { shared in
                let next = shared.nextWaiting()
                if next == nil { shared.idle.append(connection) }
                return next
            }
        }
    }

    private func serveOne(_ arrival: Arrival, on connection: PostgresConnection, start: ContinuousClock.Instant) async {
        do {
            let statements = try await arrival.visit.run(
                on: connection, serviceTime: configuration.serviceTime, filledOrders: configuration.filledOrders)
            let latency = (clock.now - start).inSeconds - arrival.time
            shared.withLock { shared in
                shared.outcome.statements += statements
                shared.outcome.timeline.record(arrival: arrival.time, latency: latency)
                if case .order(_, let order) = arrival.visit { shared.outcome.ledger.acknowledge(order) }
            }
        } catch {
            await failed(arrival, error, on: connection)
        }
    }

    private func failed(_ arrival: Arrival, _ error: any Error, on connection: PostgresConnection) async {
        shared.withLock { shared in
            shared.outcome.statements += 1
            shared.outcome.failedStatements += 1
            if shared.outcome.failures.count < 10 { shared.outcome.failures.append("\(arrival.visit): \(error)") }
            if case .order(_, let order) = arrival.visit { shared.outcome.ledger.doubt(order) }
        }
        _ = try? await connection.query("ROLLBACK")
    }
}
