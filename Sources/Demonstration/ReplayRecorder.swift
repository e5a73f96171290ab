// Looks at the cluster four times a second while a replay runs: for the progress on the screen and the report's series.
import ClusterModel
import ControlPlane
import Synchronization

final class ReplayRecorder: Sendable {
    struct Sample: Sendable {
        let second: Double
        let at: Timestamp
        let load: Double
        let loadByInstance: [String: Double]
        let contingentsLeased: Int
        let segmentsAway: Int
        let movesUnderWay: Int
        let statementsWaiting: Int
        /// Where every segment is, and in which state every instance.
        let owners: [String: String]
        let states: [String: String]
    }

    private struct Recorded {
        var samples: [Sample] = []
        /// The sum of the instances' medians, by the time it was forecast for; made about half an hour before.
        var predictions: [(for: Timestamp, load: Double)] = []
    }

    static let lead = Duration.seconds(30 * 60)
    private let recorded = Mutex(Recorded())

    /// Samples until cancelled.
    func run(_ assembly: Assembly, progress: @Sendable (Sample) -> Void) async {
        let begin = ContinuousClock.now
        while !Task.isCancelled {
            let status = await assembly.coordinator.status()
            let at = assembly.clock.now()
            let segments = await assembly.coordinator.segments()
            let sample = Sample(
                second: begin.duration(to: .now).inSeconds, at: at, load: status.instances.reduce(0) { $0 + $1.load },
                loadByInstance: Dictionary(
                    status.instances.map { ($0.id, $0.load) }, uniquingKeysWith: { first, _ in first }),
                contingentsLeased: status.instances.count {
                    $0.role == "contingent" && ["reserved", "active", "draining"].contains($0.state)
                },
                segmentsAway: segments.count { $0.location != $0.home }, movesUnderWay: status.moves.count,
                statementsWaiting: status.instances.reduce(0) { $0 + $1.statementsWaiting },
                owners: Dictionary(
                    segments.map { ($0.segmentID, $0.location) }, uniquingKeysWith: { first, _ in first }),
                states: Dictionary(status.instances.map { ($0.id, $0.state) }, uniquingKeysWith: { first, _ in first }))
            let prediction = await assembly.coordinator.predictedTotal(at: at + Self.lead)
            recorded.withLock {
                $0.samples.append(sample)
                if let prediction { $0.predictions.append(prediction) }
            }
            progress(sample)
            try? await Task.sleep(for: .milliseconds(250))
        }
    }

    var samples: [Sample] { recorded.withLock { $0.samples } }

    /// What was forecast for that time, half an hour before.
    func predicted(for time: Timestamp, tolerance: Duration) -> Double? {
        recorded.withLock { recorded in
            recorded.predictions.filter { abs(($0.for - time).inSeconds) <= tolerance.inSeconds }
                .min { abs(($0.for - time).inSeconds) < abs(($1.for - time).inSeconds) }?.load
        }
    }
}
