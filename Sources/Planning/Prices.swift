/// What things cost, in the currency of an instance's `costPerHour`. Only their proportions decide.
package struct Prices: Hashable, Sendable, Codable {
    /// An hour in which an instance is asked for more than it carries at its latency objective.
    package var overloadPerHour = 20.0
    /// A move: what copying takes from both ends, and the risk of it.
    package var perMove = 0.05

    package init() {}
}
