// Finding the one instance of a plan in a snapshot of the routing table. It has no side effects: a plan that waited at
// a gate is resolved again with the snapshot of then.
import ClusterModel
import Routing
import WireProtocol

extension Destination {
    /// `held`: the instance that the running transaction is on, and what the table was when it began.
    static func resolve(
        _ plan: BatchPlan, _ table: QueryRoutingTable, held: InstanceID?, transaction: Transaction
    ) throws(BatchFailure) -> Destination {
        var destination = Destination(instance: held)
        // In a failed block the server rejects everything but its end, and says so best itself.
        guard transaction.phase != .failed else { return destination }
        for request in plan.routes {
            switch table.route(request.statement, parameters: request.parameters) {
            case .anywhere: continue
            case .refused(let refusal): throw BatchFailure(refusal)
            case .unsharded(on: let instance, because: _):
                guard destination.instance == nil || destination.instance == instance else {
                    throw twoInstances("a table of no group", on: instance, with: destination, transaction)
                }
                destination.instance = instance
            case .several(let scatter):
                let parts = scatter.parts
                guard parts.count > 1 || destination.instance.map({ $0 != parts.first?.instance }) ?? false else {
                    // One instance has all the rows: it answers the statement as it is.
                    destination.instance = parts.first?.instance
                    destination.segments += scatter.segments.filter { !destination.segments.contains($0) }
                    continue
                }
                guard held == nil, transaction.phase == .none else { throw .scatterInTransaction }
                guard plan.statementCount == 1 else { throw .severalStatements }
                destination.scatter = scatter
                destination.segments = scatter.segments
            case .segment(let segment, on: let instance, because: _):
                guard destination.instance == nil || destination.instance == instance else {
                    throw conflict(segment, on: instance, with: destination, transaction)
                }
                destination.instance = instance
                if !destination.segments.contains(segment) { destination.segments.append(segment) }
            }
        }
        return destination
    }

    private static func conflict(
        _ segment: SegmentID, on instance: InstanceID, with other: Destination, _ transaction: Transaction
    ) -> BatchFailure {
        if transaction.firstTable?[segment] == other.instance {
            return BatchFailure(
                .serializationFailure, "segment \(segment) moved while the transaction was running",
                hint: "Run the transaction again.")
        }
        return twoInstances("segment \(segment)", on: instance, with: other, transaction)
    }

    private static func twoInstances(
        _ second: String, on instance: InstanceID, with other: Destination, _ transaction: Transaction
    ) -> BatchFailure {
        let first = (transaction.touched + other.segments).first.map { "segment \($0)" } ?? "a statement without a key"
        return BatchFailure(
            .featureNotSupported, "the transaction would touch two instances: \(first) and \(second)",
            hint: "Use one transaction for each of \(first) and \(second); they live on "
                + "\(other.instance.map(\.text) ?? "another instance") and \(instance) now.")
    }
}

extension BatchFailure {
    static let scatterInTransaction = BatchFailure(
        .featureNotSupported, "a read of several segments on several instances cannot run in a transaction block",
        hint: "Run it outside of BEGIN and COMMIT: other instances would not see what the block wrote.")
}
