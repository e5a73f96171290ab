import ClusterModel
import Planning
import Settings
import Testing

@testable import ControlPlane

struct SegmentTermsTests {
    private func terms(group: String = "", controller: String = "") throws -> SegmentTerms {
        let configuration = try Configuration.read(
            """
            client_authentication: trust
            application: {user: app}
            instances:
              - {id: home-1, port: 5432, database: app, user: postgres, connections: 20}
            groups:
              - {id: shop, key_type: bigint, segments: 16, tables: {orders: customer_id}\(group)}
            controller: {mode: auto\(controller)}
            """, file: "f.yaml")
        let segments = configuration.groups.flatMap { FirstPlacement.segments(of: $0) }
        return try SegmentTerms(configuration, segments: segments)
    }

    @Test func groupsHaveTheirMode() throws {
        #expect(try terms().modes.isEmpty)
        #expect(try terms(group: ", mode: recommend").modes == ["shop": .recommend])
    }

    @Test func pinnedSegmentsStayForGood() throws {
        let terms = try terms(controller: ", pinned: [shop-03]")
        #expect(terms.hold(on: "shop-03")?.reason.contains("pinned") == true)
        #expect(terms.hold(on: "shop-04") == nil)
    }

    @Test func whatIsPinnedMustExist() {
        let error = #expect(throws: ClusterError.self) { try terms(controller: ", pinned: [shop-03, shop-99]") }
        #expect(error.map { "\($0)".contains("shop-99, which is no segment") } == true, "\(error as Any)")
    }
}
