// Standbys and takeovers for people and programs, and what a takeover means for moves.
import ClusterModel
import Takeover

extension Coordinator {
    package func standbys() async -> [StandbyView] { await takeovers?.views() ?? [] }

    /// A person orders the standby to take over, whether the instance lives or not.
    package func orderTakeover(of id: InstanceID) async throws -> OrderView {
        guard parts.homes.contains(where: { $0.id == id }) else {
            throw OrderRefusal(
                "there is no home \(id). Known: \(parts.homes.map(\.id.text).joined(separator: ", ")).")
        }
        guard let takeovers else { throw OrderRefusal("the router does not run yet.") }
        let message = try await takeovers.order(id)
        return OrderView(move: nil, message: message)
    }

    /// Logical slots do not survive a takeover: what was not decided is undone, what was is finished without a way back.
    func movesLostTheirWay(of id: InstanceID) async {
        guard let moves else { return }
        for sentence in await moves.endMoves(of: id) { audit("takeover", sentence, String?.none, instance: id) }
    }
}

extension TakeoverService {
    func order(_ id: InstanceID) async throws -> String {
        guard let instance = watched[id], let standby = instance.standby else {
            throw OrderRefusal(
                parts.settings.mode == .off
                    ? "takeovers are off: set takeover.mode to recommend or auto, and restart."
                    : watched[id]?.pooled.map { pooled in
                        "\(id) has no standby yet: "
                            + (pooled.making.map { "\($0) is being made one." } ?? pooled.complaint ?? "none is made.")
                    } ?? "\(id) has no standby: name one under its `standby` in the configuration, and restart.")
        }
        guard !instance.isBusy, instance.pending == nil else {
            throw OrderRefusal("\(id) is being taken over already.")
        }
        let primary = instance.detector.lastAnswer?.state
        switch instance.seen?.sighting.standby {
        case nil: throw OrderRefusal("the standby \(standby.address) of \(id) was not looked at yet: try again.")
        case .unreachable(let reason):
            throw OrderRefusal("the standby \(standby.address) of \(id) does not answer: \(reason).")
        case .seen(let state):
            if let problem = state.problem(comparedTo: primary) {
                throw OrderRefusal("the standby \(standby.address) of \(id) cannot take over: \(problem).")
            }
        }
        try await takeOver(
            id, because: "a person ordered it; \(instance.verdict.reason ?? "the instance answered until then")",
            orderedByPerson: true)
        guard let record = watched[id]?.replaced else { return "\(id) was taken over" }
        return "\(id) is on \(record.new) now; \(record.lossSentence)"
    }

    func views() -> [StandbyView] {
        watched.sorted { $0.key < $1.key }.map { id, instance in
            var view = StandbyView(
                instance: id.text, address: parts.directory.home(id).map { "\(ServerAddress($0.endpoint))" } ?? "",
                standby: instance.standby.map { "\($0.address)" }, mode: parts.settings.mode.rawValue,
                verdict: instance.verdict.name, reason: instance.verdict.reason, takeovers: instance.takeovers)
            if instance.pending != nil { view.state = "takes over" }
            view.member = instance.standby?.member?.text ?? instance.pooled?.making?.text
            guard let seen = instance.seen?.sighting, instance.standby != nil else {
                if let pooled = instance.pooled, instance.standby == nil {
                    view.state = pooled.making == nil ? "none" : "being made"
                    view.reason = pooled.complaint
                    view.lossBytes = instance.replaced?.lossBytes
                } else if let old = instance.replaced {
                    view.state = "none"
                    view.reason =
                        "taken over from \(old.old) at \(old.detectedAt); the old primary \(instance.oldPrimary)"
                    view.lossBytes = old.lossBytes
                }
                return view
            }
            let primary = instance.detector.lastAnswer?.state
            view.isSynchronous = primary?.confirmsByStandby
            switch seen.standby {
            case .unreachable(let reason):
                view.state = "unreachable"
                view.reason = view.reason ?? reason
            case .seen(let standby):
                let problem = standby.problem(comparedTo: primary)
                view.isUsable = problem == nil
                view.state = problem == nil ? standby.isStreaming ? "streaming" : "not streaming" : "unusable"
                view.reason = view.reason ?? problem ?? instance.pooled?.obstacle
                if let position = standby.position, let end = primary?.position {
                    view.lagBytes = Int64(clamping: end > position ? end.position - position.position : 0)
                }
                // The age of the last transaction is a lag only while there is one.
                view.lagSeconds =
                    view.lagBytes == 0 && standby.replayed == standby.position ? 0 : instance.seen?.replayAgeSeconds
            }
            return view
        }
    }
}
