// What a replay left behind: the report's figures, and who owned what and stood how at each look, for the checks of
// scenarios.
import ClusterModel
import ControlPlane

struct ReplayOutcome: Sendable {
    /// One look at the cluster; there are four in a second.
    struct Look: Sendable {
        let at: Timestamp
        /// Of every segment.
        let owners: [String: String]
        /// Of every instance, as the pool names them.
        let states: [String: String]

        init(at: Timestamp, owners: [String: String], states: [String: String]) {
            self.at = at
            self.owners = owners
            self.states = states
        }

        init(_ sample: ReplayRecorder.Sample) {
            self.init(at: sample.at, owners: sample.owners, states: sample.states)
        }
    }

    let stage: Stage
    let report: PolicyReport
    let looks: [Look]
    let diary: [DiaryEntry]

    var ownerChanges: [OwnerChange] { OwnerChange.all(in: looks) }

    /// Violation seconds of the replay from `start` on.
    func violations(from start: Timestamp) -> Int {
        report.seconds.enumerated().count { index, second in
            stage.clusterTime(atSecond: Double(index) + 0.5) >= start
                && second.p99Ms ?? 0 > stage.latencyObjective.inSeconds * 1000
        }
    }

    /// The first look from `start` on that saw an instance in one of the states.
    func firstLook(at instance: String? = nil, in states: Set<String>, from start: Timestamp) -> Timestamp? {
        looks.first { look in
            look.at >= start
                && look.states.contains { (instance ?? $0.key) == $0.key && states.contains($0.value) }
        }?.at
    }

    func entry(_ kind: DiaryEntry.Kind) -> DiaryEntry? { diary.first { $0.kind == kind } }

    /// The audit's first sentence of that kind that contains the words.
    func sentence(_ kind: String, containing words: String) -> AuditView? {
        report.decisions.first { $0.kind == kind && $0.sentence.contains(words) }
    }
}

/// A segment that is somewhere else than at the look before.
struct OwnerChange: Hashable, Sendable {
    let at: Timestamp
    let segment: String
    let from: String
    let to: String

    static func all(in looks: [ReplayOutcome.Look]) -> [OwnerChange] {
        zip(looks, looks.dropFirst()).flatMap { before, after in
            after.owners.sorted { $0.key < $1.key }.compactMap { segment, owner in
                guard let from = before.owners[segment], from != owner else { return nil }
                return OwnerChange(at: after.at, segment: segment, from: from, to: owner)
            }
        }
    }

    /// The most changes of one segment within a span.
    static func most(of changes: [OwnerChange], within span: Duration) -> Int {
        Dictionary(grouping: changes, by: \.segment).values.map { own in
            own.map { first in own.count { $0.at >= first.at && $0.at - first.at < span } }.max() ?? 0
        }.max() ?? 0
    }
}
