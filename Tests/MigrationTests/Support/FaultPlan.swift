// Makes an executor fail or die at chosen crash points, once each.
import Synchronization

@testable import Migration

final class FaultPlan: Sendable {
    struct InjectedFailure: Error, Equatable { let point: CrashPoint }

    private let failures: Mutex<Set<CrashPoint>>
    private let deaths: Mutex<Set<CrashPoint>>

    init(failAt: Set<CrashPoint> = [], dieAt: Set<CrashPoint> = []) {
        failures = Mutex(failAt)
        deaths = Mutex(dieAt)
    }

    var hook: CrashSwitch {
        { point in
            if self.deaths.withLock({ $0.remove(point) }) != nil { throw SimulatedCrash(at: point) }
            if self.failures.withLock({ $0.remove(point) }) != nil { throw InjectedFailure(point: point) }
        }
    }

    /// Whether every planned fault has happened.
    var isSpent: Bool { failures.withLock { $0.isEmpty } && deaths.withLock { $0.isEmpty } }
}
