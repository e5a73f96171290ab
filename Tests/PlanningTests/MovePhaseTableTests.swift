import ClusterModel
import Testing

@testable import Planning

/// Every phase of a move against every situation: what the plan orders for that move. A missing cell fails.
struct MovePhaseTableTests {
    enum Situation: CaseIterable {
        /// The source is certain to overload in 10 minutes, in an hour, or not at all (for three plans).
        case hotSoon, hotLater, calm
        case targetLost, frozen
    }

    enum Order: Equatable {
        case nothing, cutOver, abort, revert, keep
    }

    static let evidence = WatchEvidence(
        reason: .latency,
        samplesBefore: 5,
        samplesAfter: 5,
        statementsAfter: 1000,
        errorRateBefore: 0,
        errorRateAfter: 0,
        loadMoved: 0
    )

    static let phases: [(name: String, phase: MoveInFlight.Phase)] = [
        ("preparing", .preparing), ("ready", .ready), ("cuttingOver", .cuttingOver), ("waiting", .probation(.waiting)),
        ("keep", .probation(.keep(evidence))), ("revert", .probation(.revert(evidence))),
    ]

    static let table: [String: [Situation: Order]] = [
        "preparing": [.hotSoon: .nothing, .hotLater: .nothing, .calm: .abort, .targetLost: .abort, .frozen: .nothing],
        "ready": [.hotSoon: .cutOver, .hotLater: .nothing, .calm: .abort, .targetLost: .abort, .frozen: .nothing],
        "cuttingOver": [
            .hotSoon: .nothing, .hotLater: .nothing, .calm: .nothing, .targetLost: .nothing, .frozen: .nothing,
        ],
        "waiting": [
            .hotSoon: .nothing, .hotLater: .nothing, .calm: .nothing, .targetLost: .nothing, .frozen: .nothing,
        ],
        "keep": [.hotSoon: .keep, .hotLater: .keep, .calm: .keep, .targetLost: .keep, .frozen: .keep],
        "revert": [.hotSoon: .revert, .hotLater: .revert, .calm: .revert, .targetLost: .revert, .frozen: .revert],
    ]

    @Test(arguments: Situation.allCases) func everyPhaseHasItsOrder(in situation: Situation) throws {
        for (name, phase) in Self.phases {
            let expected = try #require(Self.table[name]?[situation], "\(name) x \(situation) is not in the table")
            var controller = ShardingController(configuration: .test())
            let plan = controller.plan(cluster(phase, situation), times: 3)
            #expect(order(in: plan) == expected, "\(name) x \(situation): \(plan.records.map(\.sentence))")
        }
    }

    private func cluster(_ phase: MoveInFlight.Phase, _ situation: Situation) -> ClusterBuilder {
        var cluster = ClusterBuilder()
        let isOver = if case .probation = phase { true } else { false }
        let hotFrom = [.hotSoon: 10, .hotLater: 60, .targetLost: 10, .frozen: 10][situation] ?? 1000
        cluster.add("s1", owner: isOver ? "contingent-1" : "home-1") { $0 < hotFrom ? 10 : 30 }
        cluster.add("s2") { $0 < hotFrom ? 20 : 60 }
        cluster.changeInstance("contingent-1") {
            $0.availability = situation == .targetLost ? .unavailable(reason: "down") : .active
        }
        cluster.addMove("s1", to: "contingent-1", phase, startedMinutesAgo: 60)
        if situation == .frozen {
            cluster.freezes = [Freeze(start: cluster.now, end: cluster.now + .seconds(86_400), reason: "sale")]
        }
        return cluster
    }

    private func order(in plan: Plan) -> Order? {
        let own = plan.actions.compactMap { action -> Order? in
            switch action.kind {
            case .cutOver("m-s1"): .cutOver
            case .abort("m-s1"): .abort
            case .revert("m-s1"): .revert
            case .keep("m-s1"): .keep
            case .cutOver, .abort, .revert, .keep, .lease, .prepare, .returnHome, .giveBack: nil
            }
        }
        return own.count > 1 ? nil : own.first ?? .nothing
    }
}
