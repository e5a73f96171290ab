// What the prediction engine says, and what the controller orders: the two values that cross the middle of the design.

/// The forecast of one segment's load at one step of the horizon.
///
/// `load` is the median; `confidence` is the calibrated probability that the load at this step exceeds the threshold
/// that the engine was asked about, in 0...1. `quantiles` are ascending in both level and value, never negative.
package struct Prediction: Hashable, Sendable, Codable {
    package let segmentID: SegmentID
    /// The end of the step that is predicted.
    package let at: Timestamp
    package let load: Load
    package let confidence: Double
    package let quantiles: [QuantileValue]

    package init(segmentID: SegmentID, at: Timestamp, load: Load, confidence: Double, quantiles: [QuantileValue]) {
        self.segmentID = segmentID
        self.at = at
        self.load = load
        self.confidence = confidence
        self.quantiles = quantiles
    }

    private enum CodingKeys: String, CodingKey {
        case segmentID = "segment_id"
        case at, load, confidence, quantiles
    }
}

/// The value below which the load stays with probability `level`.
package struct QuantileValue: Hashable, Sendable, Codable {
    package let level: Double
    package let value: Double

    package init(level: Double, value: Double) {
        self.level = level
        self.value = value
    }
}

/// An order to move a segment. The higher `priority` goes first.
package struct MigrationDirective: Hashable, Sendable, Codable {
    package let segmentID: SegmentID
    package let destination: InstanceID
    package let priority: Double

    package init(segmentID: SegmentID, destination: InstanceID, priority: Double) {
        self.segmentID = segmentID
        self.destination = destination
        self.priority = priority
    }

    private enum CodingKeys: String, CodingKey {
        case segmentID = "segment_id"
        case destination, priority
    }
}
