// What is written down, so that every decision can be explained later with the numbers that caused it.
import Catalog
import ClusterModel
import Foundation
import Planning

extension Coordinator {
    /// How long a standing wait or refusal is not written again.
    private static let noteRepeatAfter = Duration.seconds(30 * 60)

    func audit(
        _ kind: String, _ sentence: String, _ details: (some Encodable)?, move: MoveID? = nil,
        segment: SegmentID? = nil, instance: InstanceID? = nil
    ) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let json = details.flatMap { try? encoder.encode($0) }.map { String(decoding: $0, as: UTF8.self) }
        do {
            try parts.catalog.append(
                AuditEntry(
                    kind: kind, move: move, segment: segment, instance: instance, sentence: sentence, details: json))
        } catch {
            parts.logger.error(
                "cannot write the audit", metadata: ["error": "\(error)", "audit.sentence": "\(sentence)"])
        }
    }

    /// Writes a plan's decisions. Orders that start a move are written with the move's id when it starts.
    func write(_ plan: Plan) {
        for action in plan.actions where !(action.isExecutable && action.directive != nil) {
            write(action.record, kind: action.isExecutable ? "plan" : "proposal")
        }
        for note in plan.notes { write(note, kind: "note") }
    }

    private func write(_ record: DecisionRecord, kind: String) {
        if kind != "plan" {
            let reason = "\(record.rule.rawValue) \(record.segment?.text ?? "") \(record.source?.text ?? "")"
            if let last = notesWritten[reason], record.at - last < Self.noteRepeatAfter { return }
            notesWritten[reason] = record.at
        }
        audit(kind, record.sentence, record, move: record.move, segment: record.segment, instance: record.destination)
    }
}
