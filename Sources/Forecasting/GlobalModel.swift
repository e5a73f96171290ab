/// A model that learns from all subjects together. Learning is apart from `fit`, which then costs almost nothing.
package protocol GlobalModel: ForecastModel {
    /// Whether it has learned anything; the engine asks it nothing before.
    var isTrained: Bool { get }

    /// The model after learning from these histories, each through its `end`, going on from what it knew. `horizon` is
    /// how many steps ahead it will be asked for.
    func trained(on examples: [(history: SubjectHistory, end: Int)], horizon: Int) -> Self
}
