// The orders about leases, as the admin API takes them. Lengths of time are texts such as 30s, 10m, 2h.
import ClusterModel
import ContingentPool
import ControlPlane
import Hummingbird

package struct LendRequest: Codable, Sendable {
    /// The instance; nil: any that can be spared.
    package var member: String?
    package var to: String
    package var purpose: String
    package var lasting: String
    package var notice: String
    package var price: Double
    package var heartbeat: String?
    package var hook: String?

    package init(
        member: String?, to: String, purpose: String, lasting: String, notice: String, price: Double,
        heartbeat: String?, hook: String?
    ) {
        self.member = member
        self.to = to
        self.purpose = purpose
        self.lasting = lasting
        self.notice = notice
        self.price = price
        self.heartbeat = heartbeat
        self.hook = hook
    }
}

package struct RenewRequest: Codable, Sendable {
    package var member: String
    package var epoch: Int64
    /// From now to the new expiry; nil: the expiry stays.
    package var lasting: String?

    package init(member: String, epoch: Int64, lasting: String?) {
        self.member = member
        self.epoch = epoch
        self.lasting = lasting
    }
}

package struct RecallRequest: Codable, Sendable {
    package var member: String
    /// Without the notice that was agreed.
    package var now: Bool

    package init(member: String, now: Bool) {
        self.member = member
        self.now = now
    }
}

package struct ClearRequest: Codable, Sendable {
    package var member: String

    package init(member: String) { self.member = member }
}

func addPoolOrders(to api: RouterGroup<BasicRequestContext>, _ coordinator: Coordinator) {
    api.post("/pool/lend") { request, context in
        let order = try await request.decode(as: LendRequest.self, context: context)
        return try Response.json(
            await coordinator.orderLend(order.member.map { InstanceID($0) }, on: try LeaseTerms(order)))
    }
    api.post("/pool/renew") { request, context in
        let order = try await request.decode(as: RenewRequest.self, context: context)
        return try Response.json(
            await coordinator.orderRenew(
                InstanceID(order.member), LeaseEpoch(order.epoch),
                for: try order.lasting.map { try span($0, "lasting") }))
    }
    api.post("/pool/recall") { request, context in
        let order = try await request.decode(as: RecallRequest.self, context: context)
        return try Response.json(await coordinator.orderRecall(InstanceID(order.member), immediately: order.now))
    }
    api.post("/pool/clear") { request, context in
        let order = try await request.decode(as: ClearRequest.self, context: context)
        return try Response.json(await coordinator.orderClear(InstanceID(order.member)))
    }
}

extension LeaseTerms {
    init(_ order: LendRequest) throws {
        self.init(
            holder: order.to, purpose: order.purpose, pricePerHour: order.price,
            term: try span(order.lasting, "lasting"), notice: try span(order.notice, "notice"),
            heartbeat: try order.heartbeat.map { try span($0, "heartbeat") }, hook: order.hook)
    }
}

private func span(_ text: String, _ name: String) throws(AdminError) -> Duration {
    guard let span = Duration(text: text) else {
        throw AdminError("`\(name)` has to be a length of time such as 30s, 10m or 2h, not `\(text)`")
    }
    return span
}
