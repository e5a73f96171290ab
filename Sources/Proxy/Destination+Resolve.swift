// Finding the one instance of a plan in a snapshot of the routing table. It has no side effects: a plan that waited at
// a gate is resolved again with the snapshot of then.
import ClusterModel
import Routing
import WireProtocol

extension Destination {
    /// `held`: the instance that the running transaction is on, and what the table was when it began.
    static func resolve(
        _ plan: BatchPlan, _ table: QueryRoutingTable, held: InstanceID?, transaction: Transaction,
        span: Span = .oneInstance
    ) throws(BatchFailure) -> Destination {
        var destination = Destination(instance: held)
        // In a failed block the server rejects everything but its end, and says so best itself.
        guard transaction.phase != .failed else { return destination }
        for request in plan.routes {
            switch table.route(request.statement, parameters: request.parameters) {
            case .anywhere: continue
            case .refused(let refusal): throw BatchFailure(refusal)
            case .unsharded(on: let instance, because: _):
                guard destination.add(nil, on: instance, request, plan, transaction, span) else {
                    throw twoInstances("a table of no group", on: instance, with: destination, transaction, span)
                }
            case .several(let scatter):
                let parts = scatter.parts
                guard parts.count > 1 || destination.instance.map({ $0 != parts.first?.instance }) ?? false else {
                    // One instance has all the rows: it answers the statement as it is.
                    destination.instance = parts.first?.instance
                    destination.segments += scatter.segments.filter { !destination.segments.contains($0) }
                    continue
                }
                let isFree = transaction.phase == .none ? held == nil : span == .severalInstances
                guard isFree, !transaction.isImplicit else { throw .scatterInTransaction(span) }
                guard plan.statementCount == 1 else { throw .severalStatements }
                destination.scatter = scatter
                destination.segments = scatter.segments
            case .rows(let first, let second):
                guard plan.statementCount == 1 else { throw BatchFailure(.severalSegments(first, second)) }
                destination.isRows = true
                destination.segments = [first, second]
            case .segment(let segment, on: let instance, because: _):
                guard destination.add(segment, on: instance, request, plan, transaction, span) else {
                    throw conflict(segment, on: instance, with: destination, transaction, span)
                }
            }
        }
        return destination
    }

    /// False when the statement's instance is one too many.
    private mutating func add(
        _ segment: SegmentID?, on next: InstanceID, _ request: RouteRequest, _ plan: BatchPlan,
        _ transaction: Transaction, _ span: Span
    ) -> Bool {
        let last = legs.last?.instance ?? instance
        if let last, last != next {
            guard span == .severalInstances else { return false }
            // What comes before the first statement that is routed goes with it.
            if request.step == plan.routes[0].step {
                guard transaction.phase == .open else { return false }
                instance = next
            } else {
                guard !plan.isSimple else { return false }
                if legs.isEmpty { legs = [Leg(instance: last, segments: segments, firstStep: 0)] }
                legs.append(Leg(instance: next, segments: [], firstStep: request.step))
            }
        } else {
            instance = instance ?? next
        }
        guard let segment else { return true }
        if !segments.contains(segment) { segments.append(segment) }
        if let leg = legs.indices.last, !legs[leg].segments.contains(segment) { legs[leg].segments.append(segment) }
        return true
    }

    /// All of an INSERT's rows lie there.
    mutating func point(
        to next: InstanceID, _ plan: BatchPlan, _ transaction: Transaction, _ span: Span
    ) throws(BatchFailure) {
        guard let instance, instance != next else {
            instance = next
            return
        }
        guard span == .severalInstances, transaction.phase == .open else {
            throw Self.severalInstances([instance, next], segments, span)
        }
        self.instance = next
    }

    static func severalInstances(_ instances: [InstanceID], _ segments: [SegmentID], _ span: Span) -> BatchFailure {
        let hint =
            switch span {
            case .oneInstance:
                "Insert the rows of each segment on their own, or allow transactions over several instances: "
                    + "router.distributed_transactions."
            case .confined(let reason): "It must stay on one instance because \(reason)."
            case .severalInstances: "Insert the rows in a transaction block."
            }
        return BatchFailure(
            .featureNotSupported,
            "the rows of the INSERT lie in the segments \(segments.prefix(3).map(\.text).joined(separator: ", "))"
                + (segments.count > 3 ? ", ..." : "") + " on several instances", hint: hint)
    }

    private static func conflict(
        _ segment: SegmentID, on instance: InstanceID, with other: Destination, _ transaction: Transaction, _ span: Span
    ) -> BatchFailure {
        if transaction.firstTable?[segment] == other.instance {
            return BatchFailure(
                .serializationFailure, "segment \(segment) moved while the transaction was running",
                hint: "Run the transaction again.")
        }
        return twoInstances("segment \(segment)", on: instance, with: other, transaction, span)
    }

    private static func twoInstances(
        _ second: String, on instance: InstanceID, with other: Destination, _ transaction: Transaction, _ span: Span
    ) -> BatchFailure {
        let first = (transaction.touched + other.segments).first.map { "segment \($0)" } ?? "a statement without a key"
        let places = "they live on \(other.instance.map(\.text) ?? "another instance") and \(instance) now"
        let hint =
            switch span {
            case .oneInstance:
                "Use one transaction for each of \(first) and \(second); \(places). Or allow transactions over several "
                    + "instances: router.distributed_transactions."
            case .confined(let reason):
                "It must stay on one instance because \(reason). \(first) and \(second): \(places)."
            case .severalInstances:
                "Send the statements one by one, in a transaction block; \(places)."
            }
        return BatchFailure(
            .featureNotSupported, "the transaction would touch two instances: \(first) and \(second)", hint: hint)
    }
}

extension BatchFailure {
    static func scatterInTransaction(_ span: Span) -> BatchFailure {
        let hint =
            switch span {
            case .oneInstance, .severalInstances:
                "Run it outside of BEGIN and COMMIT, or allow transactions over several instances: "
                    + "router.distributed_transactions."
            case .confined(let reason): "The transaction must stay on one instance because \(reason)."
            }
        return BatchFailure(
            .featureNotSupported, "a read of several segments on several instances cannot run in this transaction",
            hint: hint)
    }
}
