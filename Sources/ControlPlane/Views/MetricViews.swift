/// A metric that may lead the load, as the commands and the dashboard show it.
package struct MetricView: Codable, Sendable {
    /// A forecast that it corrects.
    package struct Use: Codable, Sendable {
        package var subject: String
        package var model: String
        package var leadSeconds: Double
        /// The share by which the model misses by less, with all its metrics.
        package var gain: Double
    }

    package var name: String
    /// Steps that have a value.
    package var steps: Int
    /// The start of the newest step that has one, and the value.
    package var newest: String?
    package var value: Double?
    /// What is wrong with its source; nil when nothing is.
    package var problem: String?
    package var uses: [Use]
}

/// A shape of statement, and what it took since Foreshard looks.
package struct StatementView: Codable, Sendable {
    package var instance: String
    package var text: String
    package var calls: Double
    package var seconds: Double
}
