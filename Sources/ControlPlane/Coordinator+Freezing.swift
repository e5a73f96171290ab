// Freezing: a time in which no move begins and no segment changes owner, but to undo a move. Scheduled ones are events of
// the kind `freeze`; this is what a person orders at once, kept in the catalog so that a restart does not thaw.
import Catalog
import ClusterModel
import Foundation
import Logging
import Planning

extension Coordinator {
    /// Longer than that is a decision for the configuration: `controller.mode: observe`.
    package static let freezeMax = Duration.seconds(30 * 86_400)

    /// Freezes from now on. A freeze that is in force is replaced.
    package func orderFreeze(for span: Duration, reason: String) throws -> OrderView {
        guard span > .zero, span <= Self.freezeMax else {
            throw OrderRefusal("a freeze lasts up to 30 days; to stop for longer, set `controller.mode` to observe.")
        }
        let now = parts.clock.now()
        let freeze = Freeze(start: now, end: now + span, reason: reason)
        try parts.catalog.store(freeze)
        frozen = freeze
        audit("order", "a person froze all moves until \(freeze.end): \(reason)", String?.none)
        return OrderView(
            move: nil,
            message: "no move begins and no segment changes owner until \(freeze.end), but to undo a move: \(reason)")
    }

    /// Ends the freeze that a person ordered. Scheduled ones stay.
    package func orderThaw() throws -> OrderView {
        guard let frozen = freeze(at: parts.clock.now()) else { throw OrderRefusal("nobody has frozen anything.") }
        try parts.catalog.store(nil)
        self.frozen = nil
        audit("order", "a person ended the freeze: \(frozen.reason)", String?.none)
        return OrderView(move: nil, message: "thawed: the next plan may move segments again")
    }

    /// What a person froze, while it lasts.
    func freeze(at now: Timestamp) -> Freeze? { frozen.flatMap { $0.covers(now) ? $0 : nil } }

    /// What is frozen now and why, for people.
    func freezesInForce(at now: Timestamp) -> [String] {
        let scheduled = parts.forecaster.schedule.freezes(at: now).filter { $0.start <= now }
        return (freeze(at: now).map { [$0] } ?? []).map { "until \($0.end): \($0.reason)" }
            + scheduled.map { event in
                let which = event.segments.map { " (\($0.map(\.text).joined(separator: ", ")))" } ?? ""
                return "until \(event.end)\(which): \(event.label)"
            }
    }
}

extension CatalogStore {
    private static let freezeSetting = "freeze"

    func store(_ freeze: Freeze?) throws {
        try set(Self.freezeSetting, to: freeze.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) })
    }

    /// What was frozen before a restart.
    func storedFreeze(logger: Logger) -> Freeze? {
        do {
            return try setting(Self.freezeSetting).map { try JSONDecoder().decode(Freeze.self, from: Data($0.utf8)) }
        } catch {
            logger.error("cannot read what was frozen", metadata: ["error": "\(error)"])
            return nil
        }
    }
}
