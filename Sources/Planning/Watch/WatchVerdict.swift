import ClusterModel

/// What the watch says of a move after its cut-over.
package enum WatchVerdict: Hashable, Sendable, Codable {
    /// Not enough seen, and time left.
    case waiting
    case keep(WatchEvidence)
    case revert(WatchEvidence)
}

/// The numbers behind a verdict.
package struct WatchEvidence: Hashable, Sendable, Codable {
    package enum Reason: String, Hashable, Sendable, Codable {
        /// Keep: proven to harm less than the tolerance.
        case harmless
        /// Keep: the time is over and nothing speaks against it.
        case deadline
        /// Revert.
        case errors, latency
    }

    package var reason: Reason
    package var samplesBefore: Int
    package var samplesAfter: Int
    package var statementsAfter: Int
    /// Typical p99 in seconds, moved segments.
    package var movedBefore: Double?
    package var movedAfter: Double?
    /// The same of the control; nil where there is none.
    package var unmovedBefore: Double?
    package var unmovedAfter: Double?
    /// How many times slower the moved segments became than the control says they would have; with its bounds.
    package var effect: Double?
    package var effectLower: Double?
    package var effectUpper: Double?
    package var errorRateBefore: Double
    package var errorRateAfter: Double
    package var loadMoved: Double

    package var sentence: String {
        let latency = [
            movedBefore.map { "p99 \(Wording.milliseconds($0)) before" },
            movedAfter.map { "\(Wording.milliseconds($0)) after" },
            effect.map { "\(Wording.decimal($0)) times what unmoved segments say" }
                ?? (movedAfter != nil && unmovedAfter == nil ? "no unmoved segments to compare with" : nil),
        ].compactMap(\.self).joined(separator: ", ")
        let errors = "errors \(Wording.percent(errorRateBefore)) before, \(Wording.percent(errorRateAfter)) after"
        let seen = "\(samplesAfter) samples, \(statementsAfter) statements"
        return "\(verb): \(latency.isEmpty ? "no latency seen" : latency); \(errors); \(seen)"
    }

    private var verb: String {
        switch reason {
        case .harmless: "the move did no harm"
        case .deadline: "nothing speaks against the move"
        case .errors: "the moved segment fails more"
        case .latency: "the moved segment became slower"
        }
    }
}
