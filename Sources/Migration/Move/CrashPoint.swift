// Where a test may kill the coordinator. There is one point before and one after each step that changes the world.

/// A named point of a move: `before-fence`, `after-own`.
package enum CrashPoint: Hashable, Sendable, CustomStringConvertible {
    case before(MoveStep)
    case after(MoveStep)

    package static let all: [CrashPoint] = MoveStep.allCases.filter(\.changesTheWorld).flatMap { step in
        [.before(step), .after(step)]
    }

    package init?(_ text: String) {
        guard let point = Self.all.first(where: { $0.description == text }) else { return nil }
        self = point
    }

    package var description: String {
        switch self {
        case .before(let step): "before-\(step.rawValue)"
        case .after(let step): "after-\(step.rawValue)"
        }
    }
}

/// Called at every crash point. It may kill the process, or throw: `SimulatedCrash` stops the executor dead, without any
/// undoing, as a kill would; any other error is a failure of the step.
package typealias CrashSwitch = @Sendable (CrashPoint) throws -> Void

/// Thrown by a `CrashSwitch` to play the death of the coordinator.
package struct SimulatedCrash: Error, Equatable {
    package let point: CrashPoint

    package init(at point: CrashPoint) { self.point = point }
}
