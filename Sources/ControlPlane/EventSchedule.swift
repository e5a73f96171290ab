// The scheduled events: those of the configuration and those of its event files. Calendars recur without end and are
// spelt out over a window around the present, so the files are read again as time goes on; that also takes up what was
// changed in them. A file that has become wrong leaves the events that were known, and is complained of once.
import Calendars
import ClusterModel
import Foundation
import Logging
import Synchronization
import Traces

package final class EventSchedule: Sendable {
    package struct Configuration: Sendable {
        package var configured: [ScheduledEvent]
        package var files: [String]
        /// How long before now events still teach: the history of the forecasts.
        package var past: Duration
        /// How long ahead calendars are spelt out; far more than any horizon, so that people see what is known.
        package var ahead = Duration.seconds(60 * 86_400)
        /// Cluster time after which the files are read again.
        package var rereadAfter = Duration.seconds(3600)
        /// Of all-day events and of times without a zone.
        package var floatingZone = TimeZone.current.identifier

        package init(configured: [ScheduledEvent], files: [String], past: Duration) {
            self.configured = configured
            self.files = files
            self.past = max(past, .seconds(60 * 86_400))
        }
    }

    private struct State {
        var events: [ScheduledEvent]
        var readAt: Timestamp
        /// Nil when the last reading went well.
        var complaint: String?
    }

    private let configuration: Configuration
    /// The segments that events may name.
    private let known: [SegmentID]
    private let logger: Logger
    private let state: Mutex<State>

    /// Reads everything for the first time, and refuses what is wrong.
    package init(_ configuration: Configuration, segments known: [SegmentID], at now: Timestamp, logger: Logger) throws
    {
        self.configuration = configuration
        self.known = known
        self.logger = logger
        state = Mutex(State(events: try Self.read(configuration, known: known, at: now), readAt: now, complaint: nil))
    }

    /// Times of this kind are no load: in them nothing is moved.
    package static let freezeKind = "freeze"

    /// All of them, as they were last read.
    package var events: [ScheduledEvent] { state.withLock(\.events) }

    /// Those of the kind `freeze` that are not over.
    func freezes(at now: Timestamp) -> [ScheduledEvent] {
        events.filter { $0.kind == Self.freezeKind && $0.end > now }
    }

    /// The events that act on load as of `now`, read again when that is due. Files are read here, so not on an event
    /// loop.
    package func events(at now: Timestamp) -> [ScheduledEvent] {
        let isDue = state.withLock { state in
            guard !configuration.files.isEmpty, now - state.readAt >= configuration.rereadAfter else { return false }
            state.readAt = now
            return true
        }
        if isDue { reread(at: now) }
        return events.filter { $0.kind != Self.freezeKind }
    }

    private func reread(at now: Timestamp) {
        do {
            let events = try Self.read(configuration, known: known, at: now)
            state.withLock {
                $0.events = events
                $0.complaint = nil
            }
        } catch {
            let complaint = "\(error)"
            let isNews = state.withLock { state in
                defer { state.complaint = complaint }
                return state.complaint != complaint
            }
            guard isNews else { return }
            logger.error(
                "cannot read the event files again; the events known so far stay", metadata: ["error": "\(complaint)"])
        }
    }

    private static func read(
        _ configuration: Configuration, known: [SegmentID], at now: Timestamp
    ) throws -> [ScheduledEvent] {
        let window = CalendarWindow(start: now - configuration.past, end: now + configuration.ahead)
        let events = try configuration.files.reduce(configuration.configured) { events, file in
            guard CalendarFile.isCalendar(path: file) else { return events + (try EventTrace(path: file).scheduled) }
            return events
                + (try CalendarFile.events(path: file, window: window, floatingZone: configuration.floatingZone))
        }
        for event in events { try check(event, known: known) }
        return events
    }

    /// An event that names a segment which does not exist would have no effect, so it is refused.
    private static func check(_ event: ScheduledEvent, known: [SegmentID]) throws(ClusterError) {
        guard let unknown = event.segments?.first(where: { !known.contains($0) }) else { return }
        throw ClusterError(
            """
            the event `\(event.label)` of \(event.start) names the segment \(unknown), which does not exist. \
            Known: \(known.map(\.text).joined(separator: ", ")); leave `segments` out (in event files: `*`) for all
            """)
    }
}
