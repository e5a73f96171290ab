import ClusterModel

extension PlanDraft {
    /// Gives back the contingent instances that carry nothing, await nothing and are in no plan.
    mutating func giveBack() {
        for instance in snapshot.instances where instance.role == .contingent && instance.isOurs {
            let isIdle = isIdle(instance.id)
            let agreed = ControllerMemory.count(isIdle, instance.id, in: &memory.idle)
            guard isIdle else { continue }
            let evidence = agreement(agreed, of: configuration.idlePlans, evidence: Evidence())
            guard agreed >= configuration.idlePlans else {
                let sentence =
                    "\(instance.id) is empty; \(agreed) of \(configuration.idlePlans) plans agree to give it back"
                note(record(.wait, .agreementPending, source: instance.id, evidence: evidence, sentence: sentence))
                continue
            }
            let sentence = "give \(instance.id) back: it carries nothing and no forecast needs it"
            order(
                .giveBack(instance.id),
                record(.act, .instanceIdle, source: instance.id, evidence: evidence, sentence: sentence)
            )
        }
    }

    private func isIdle(_ instance: InstanceID) -> Bool {
        !spokenFor.contains(instance)
            && !snapshot.segments.contains { $0.owner == instance }
            && !snapshot.moves.contains { $0.source == instance || $0.target == instance }
    }
}
