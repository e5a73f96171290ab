// The admin API: JSON over HTTP on loopback. GET shows, POST orders; both need the token, but for health and metrics.
import Catalog
import ClusterModel
import ControlPlane
import Foundation
import Hummingbird
import Logging
import NIOCore
import Planning

package struct AdminServer: Sendable {
    private let coordinator: Coordinator
    private let token: String
    private let host: String
    private let port: Int
    private let logger: Logger

    package init(coordinator: Coordinator, token: String, host: String, port: Int, logger: Logger) {
        self.coordinator = coordinator
        self.token = token
        self.host = host
        self.port = port
        self.logger = logger
    }

    /// Serves until cancelled.
    ///
    /// - Parameter listening: told the port once it is open.
    package func run(listening: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
        let application = Application(
            router: router(), configuration: .init(address: .hostname(host, port: port), serverName: "foreshard"),
            onServerRunning: { await listening($0.localAddress?.port ?? 0) }, logger: logger)
        try await application.run()
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.middlewares.add(ErrorsAsJSON())
        router.get("/health") { _, _ in "ok\n" }
        router.get("/metrics") { [coordinator] _, _ in
            Response.text(
                MetricsText.render(
                    await coordinator.status(), await coordinator.segments(), try await coordinator.poolAccount(),
                    await coordinator.standbys()))
        }
        let api = router.group("/api").add(middleware: TokenCheck(token: token))
        addViews(to: api)
        addOrders(to: api)
        addPoolOrders(to: api, coordinator)
        return router
    }

    private static let pastShown = Duration.seconds(2 * 86_400)
    private static let anomaliesShown = 100

    /// A day where nothing is given.
    private static func span(_ text: String?) throws(AdminError) -> Duration {
        guard let text else { return .seconds(86_400) }
        guard let span = Duration(text: text) else {
            throw AdminError("`since` has to be a length of time such as 30m, 24h or 7d, not `\(text)`")
        }
        return span
    }

    private func addViews(to api: RouterGroup<BasicRequestContext>) {
        api.get("/status") { [coordinator] _, _ in try Response.json(await coordinator.status()) }
        api.get("/segments") { [coordinator] _, _ in try Response.json(await coordinator.segments()) }
        api.get("/forecast") { [coordinator] request, _ in
            let subject = request.uri.queryParameters["subject"].map(String.init)
            return try Response.json(await coordinator.forecasts(of: subject))
        }
        api.get("/past") { [coordinator] request, _ in
            guard let subject = request.uri.queryParameters["subject"] else {
                throw AdminError("the parameter `subject` is missing")
            }
            return try Response.json(await coordinator.past(of: String(subject), span: Self.pastShown))
        }
        api.get("/explain") { [coordinator] request, _ in
            guard let segment = request.uri.queryParameters["segment"] else {
                throw AdminError("the parameter `segment` is missing")
            }
            return try Response.json(await coordinator.explanation(of: SegmentID(String(segment))))
        }
        api.get("/plan") { [coordinator] _, _ in try Response.json(await coordinator.latestPlan()) }
        api.get("/moves") { [coordinator] _, _ in try Response.json(await coordinator.moveViews()) }
        api.get("/pool/account") { [coordinator] _, _ in try Response.json(await coordinator.poolAccount()) }
        api.get("/pool/contingencies") { [coordinator] _, _ in try Response.json(await coordinator.contingencies()) }
        api.get("/pool") { [coordinator] _, _ in try Response.json(await coordinator.pool()) }
        api.get("/standbys") { [coordinator] _, _ in try Response.json(await coordinator.standbys()) }
        api.get("/events") { [coordinator] _, _ in try Response.json(await coordinator.events()) }
        api.get("/metrics") { [coordinator] _, _ in try Response.json(await coordinator.metrics()) }
        api.get("/statements") { [coordinator] _, _ in try Response.json(await coordinator.statements()) }
        api.get("/anomalies") { [coordinator] request, _ in
            let parameters = request.uri.queryParameters
            let since = try Self.span(parameters["since"].map(String.init))
            return try Response.json(
                await coordinator.anomalies(
                    of: parameters["subject"].map(String.init), since: since,
                    limit: parameters["limit"].flatMap { Int($0) } ?? Self.anomaliesShown))
        }
        api.get("/audit") { [coordinator] request, _ in
            try Response.json(await coordinator.audit(AuditQuery(request.uri.queryParameters)))
        }
        api.get("/route") { [coordinator] request, _ in
            guard let sql = request.uri.queryParameters["sql"] else {
                throw AdminError("the parameter `sql` is missing")
            }
            return try Response.json(await coordinator.route(String(sql)))
        }
    }

    private func addOrders(to api: RouterGroup<BasicRequestContext>) {
        api.post("/move") { [coordinator] request, context in
            let order = try await request.decode(as: MoveRequest.self, context: context)
            return try Response.json(
                await coordinator.orderMove(of: SegmentID(order.segment), to: InstanceID(order.to)))
        }
        api.post("/revert") { [coordinator] request, context in
            let order = try await request.decode(as: RevertRequest.self, context: context)
            return try Response.json(await coordinator.orderRevert(of: MoveID(order.move)))
        }
        api.post("/takeover") { [coordinator] request, context in
            let order = try await request.decode(as: TakeoverRequest.self, context: context)
            return try Response.json(await coordinator.orderTakeover(of: InstanceID(order.instance)))
        }
        api.post("/mode") { [coordinator] request, context in
            let order = try await request.decode(as: ModeRequest.self, context: context)
            guard let mode = PlanningMode(rawValue: order.mode) else {
                throw AdminError("mode must be one of \(PlanningMode.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return try Response.json(await coordinator.setMode(mode))
        }
        api.post("/approve") { [coordinator] request, context in
            let order = try await request.decode(as: ApprovalRequest.self, context: context)
            return try Response.json(await coordinator.orderApproval(of: order.proposals))
        }
        api.post("/freeze") { [coordinator] request, context in
            let order = try await request.decode(as: FreezeRequest.self, context: context)
            return try Response.json(
                await coordinator.orderFreeze(for: .seconds(order.seconds), reason: order.reason))
        }
        api.post("/thaw") { [coordinator] _, _ in try Response.json(await coordinator.orderThaw()) }
    }
}

package struct MoveRequest: Codable, Sendable {
    package var segment: String
    package var to: String
    package init(segment: String, to: String) {
        self.segment = segment
        self.to = to
    }
}

package struct RevertRequest: Codable, Sendable {
    package var move: String
    package init(move: String) { self.move = move }
}

package struct TakeoverRequest: Codable, Sendable {
    package var instance: String
    package init(instance: String) { self.instance = instance }
}

package struct ModeRequest: Codable, Sendable {
    package var mode: String
    package init(mode: String) { self.mode = mode }
}

package struct ApprovalRequest: Codable, Sendable {
    /// As the plan names them; empty: all.
    package var proposals: [String]
    package init(proposals: [String]) { self.proposals = proposals }
}

package struct FreezeRequest: Codable, Sendable {
    package var seconds: Int
    package var reason: String
    package init(seconds: Int, reason: String) {
        self.seconds = seconds
        self.reason = reason
    }
}

package struct ThawRequest: Codable, Sendable {
    package init() {}
}

extension AuditQuery {
    init(_ parameters: Parameters) {
        self.init()
        kind = parameters["kind"].map(String.init)
        move = parameters["move"].map { MoveID(String($0)) }
        segment = parameters["segment"].map { SegmentID(String($0)) }
        instance = parameters["instance"].map { InstanceID(String($0)) }
        limit = parameters["limit"].flatMap { Int($0) } ?? 100
    }
}
