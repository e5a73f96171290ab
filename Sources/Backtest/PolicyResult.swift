// What a policy came to over the replayed time. The names in files are those of `CodingKeys`.

import Simulation

package struct PolicyResult: Sendable, Codable, Equatable {
    /// Seconds in which any instance missed its latency objective.
    package var violationSeconds: Double
    /// Minutes in which any instance was asked for more than it carries at the objective.
    package var overloadMinutes: Double
    package var instanceHours: Double
    /// Instance-hours, violation hours and moves, each times its price.
    package var cost: Double
    /// Changes of owner; for P-Store, of size.
    package var moves: Int
    package var wastedMoves: Int
    package var lateMoves: Int
    package var bytesMoved: Double
    package var reverts: Int
    package var droppedPreparations: Int
    package var instancesMax: Int
    /// The most changes of owner that one segment had within an hour.
    package var changesOfOwnerPerHourMax: Int
    /// What must never happen and did.
    package var brokenInvariants: [String]

    enum CodingKeys: String, CodingKey {
        case violationSeconds = "violation_seconds"
        case overloadMinutes = "overload_minutes"
        case instanceHours = "instance_hours"
        case cost, moves
        case wastedMoves = "wasted_moves"
        case lateMoves = "late_moves"
        case bytesMoved = "bytes_moved"
        case reverts
        case droppedPreparations = "dropped_preparations"
        case instancesMax = "instances_max"
        case changesOfOwnerPerHourMax = "changes_of_owner_per_hour_max"
        case brokenInvariants = "broken_invariants"
    }

    init(_ outcome: Outcome, in world: BacktestWorld, instancesMax: Int) {
        let prices = world.settings.prices
        violationSeconds = outcome.violationSeconds
        overloadMinutes = outcome.overloadMinutes
        instanceHours = outcome.instanceHours
        moves = outcome.movesOut + outcome.movesHome + outcome.reverts
        cost =
            outcome.instanceHours + prices.overloadPerHour * outcome.violationSeconds / 3600
            + prices.perMove * Double(moves)
        wastedMoves = outcome.wastedMoves
        lateMoves = outcome.lateMoves
        bytesMoved = outcome.bytesMoved
        reverts = outcome.reverts
        droppedPreparations = outcome.droppedPreparations
        self.instancesMax = instancesMax
        changesOfOwnerPerHourMax = outcome.changesOfOwnerPerHourMax
        brokenInvariants = outcome.brokenInvariants
    }
}
