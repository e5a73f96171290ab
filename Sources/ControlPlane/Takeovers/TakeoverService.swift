// Looks at every home that has a standby, and takes over when the detector says dead (mode auto) or a person orders it.
// The decision is FailureDetector's; the order of what is done is in TakeoverService+Acting.
//
// Invariant: one task works on an instance at a time, and the router is sent to a server of an instance only while the
// catalog says that the instance is there.
import Catalog
import ClusterModel
import ContingentPool
import Logging
import Proxy
import Settings
import Takeover

package actor TakeoverService {
    /// What the service works with.
    struct Parts: Sendable {
        let settings: TakeoverSettings
        let standbyZone: StandbyZone
        let catalog: CatalogStore
        let directory: HomeDirectory
        let pool: ContingentPool
        let clock: ClusterClock
        let logger: Logger
        let crashSwitch: @Sendable (TakeoverStep) -> Void
    }

    /// What the rest of the control plane does for it.
    struct Surroundings: Sendable {
        let proxy: Proxy
        /// Every instance as the router reaches it now.
        let routed: @Sendable () async -> [RoutedInstance]
        /// Moves of the instance have lost their slots.
        let takenOver: @Sendable (InstanceID) async -> Void
    }

    struct Standby: Sendable {
        let address: ServerAddress
        let zone: Zone
        /// Of the pool; nil when somebody else runs it.
        var member: InstanceID?
    }

    /// An instance that is looked at.
    struct Watched {
        var standby: Standby?
        var detector: FailureDetector
        var primary: ServerProbe
        var replica: ServerProbe?
        /// What the standby's receiver calls itself, as it was last seen.
        var receiver: String?
        var seen: Seen?
        var verdict = Verdict.alive
        var answersOfRouter = 0
        /// Decided and not known to be done.
        var pending: TakeoverRecord?
        /// The takeover that made the instance what it is, while the old primary may come back.
        var replaced: TakeoverRecord?
        var oldPrimary = "not looked at yet"
        var isBusy = false
        /// It has been told that too much would be lost.
        var isHeldBack = false
        var takeovers = 0
        var pooled: Pooled?
    }

    /// The last look, as it is shown.
    struct Seen {
        var sighting: Sighting
        var replayAgeSeconds: Double?
    }

    let parts: Parts
    var surroundings: Surroundings?
    var watched: [InstanceID: Watched] = [:]
    let origin = ContinuousClock.now

    init(
        parts: Parts, standbys: [InstanceID: Standby], poolStandbys: [InstanceID: PoolStandbySettings],
        replaced: [InstanceID: TakeoverRecord]
    ) {
        self.parts = parts
        for home in parts.directory.homes {
            let standby = parts.settings.mode == .off ? nil : standbys[home.id]
            let pooled = poolStandbys[home.id]
            guard standby != nil || pooled != nil || replaced[home.id] != nil else { continue }
            var watched = Self.watched(home, standby, parts.settings)
            watched.replaced = replaced[home.id]
            watched.takeovers = replaced[home.id] == nil ? 0 : 1
            watched.pooled = pooled.map { Pooled($0, parts.settings) }
            self.watched[home.id] = watched
        }
    }

    static func watched(_ home: Instance, _ standby: Standby?, _ settings: TakeoverSettings) -> Watched {
        Watched(
            standby: standby,
            detector: FailureDetector(
                .init(after: settings.after, gapMax: probeLimit(settings) * 4 + settings.probeEvery * 3)),
            primary: ServerProbe(home.endpoint),
            replica: standby.map { ServerProbe($0.address.endpoint(like: home.endpoint)) })
    }

    /// How long an answer may take: an overloaded server is slow, and so are others that are asked in the same round.
    private static func probeLimit(_ settings: TakeoverSettings) -> Duration {
        min(max(settings.probeEvery, settings.after / 4), .seconds(5))
    }

    var probeLimit: Duration { Self.probeLimit(parts.settings) }

    func attach(_ surroundings: Surroundings) { self.surroundings = surroundings }

    /// Works until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for id in watched.keys.sorted() { group.addTask { await self.watch(id) } }
        }
    }

    private func watch(_ id: InstanceID) async {
        while !Task.isCancelled {
            await round(id)
            do { try await Task.sleep(for: parts.settings.probeEvery) } catch { return }
        }
    }

    private func round(_ id: InstanceID) async {
        guard let instance = watched[id], !instance.isBusy else { return }
        if instance.pending != nil { return await resume(id) }
        if instance.replaced != nil { await lookAtOld(id) }
        if instance.replaced?.member != nil { await followServer(id) }
        if instance.pooled != nil { await followPool(id) }
        guard watched[id]?.standby != nil else { return }
        let verdict = await look(at: id)
        await tell(verdict, of: id)
        if instance.pooled != nil { await tendPooled(id) }
        if case .dead(let reason) = verdict { await died(id, reason) }
    }

    // MARK: Looking

    private func look(at id: InstanceID) async -> Verdict {
        guard let instance = watched[id], let replica = instance.replica else { return .alive }
        async let primaryAnswer = instance.primary.ask(
            TakeoverSQL.primary, [instance.receiver], within: probeLimit)
        async let standbyAnswer = replica.ask(TakeoverSQL.standby, within: probeLimit)
        let wasConfirming = instance.detector.lastAnswer?.state.confirmsByStandby ?? false
        let primary = Self.sight(await primaryAnswer, instance.receiver, wasConfirming: wasConfirming)
        let (standby, known) = Self.sight(await standbyAnswer)
        let answers = await surroundings?.proxy.status()?.pools.first { $0.instance == id }?.answers ?? 0

        guard var now = watched[id], !now.isBusy else { return .alive }
        let sighting = Sighting(
            at: origin.duration(to: .now), primary: primary, routerHeardIt: answers != now.answersOfRouter,
            standby: standby)
        now.answersOfRouter = answers
        now.receiver = known?.receiver ?? now.receiver
        now.seen = Seen(sighting: sighting, replayAgeSeconds: known?.replayAgeSeconds)
        let verdict = now.detector.looked(sighting)
        watched[id] = now
        return verdict
    }

    private static func sight(_ answer: ServerProbe.Answer, _ receiver: String?, wasConfirming: Bool) -> PrimarySight {
        switch answer {
        case .silent(let reason): .silent(reason)
        case .refused(_, let reason): .refused(reason)
        case .rows(let result):
            PrimaryState(result, receiver: receiver, wasConfirming: wasConfirming).map { .answered($0) }
                ?? .refused("it does not tell the position of its log")
        }
    }

    private static func sight(_ answer: ServerProbe.Answer) -> (StandbySight, StandbyAnswer?) {
        switch answer {
        case .silent(let reason), .refused(_, let reason): (.unreachable(reason), nil)
        case .rows(let result):
            if let known = StandbyAnswer(result) {
                (.seen(known.state), known)
            } else {
                (.unreachable("it does not tell its state"), nil)
            }
        }
    }

    // MARK: Telling

    /// A change is told once; it lasts until the next one.
    private func tell(_ verdict: Verdict, of id: InstanceID) async {
        guard let before = watched[id]?.verdict else { return }
        watched[id]?.verdict = verdict
        guard verdict.name != before.name else { return }
        watched[id]?.isHeldBack = false
        let metadata: Logger.Metadata = [
            "instance.id": "\(id)", "takeover.reason": "\(verdict.reason ?? "it answers")",
        ]
        switch verdict {
        case .alive:
            parts.logger.notice("an instance answers again", metadata: metadata)
            if before.isAlarm { audit("\(id) answers again", of: id, kind: "alarm") }
        case .busy, .suspected: parts.logger.warning("an instance does not answer as it should", metadata: metadata)
        case .cutOff, .blind, .dead:
            parts.logger.error("an instance does not answer", metadata: metadata)
            audit("\(id): \(verdict.name.replacing("_", with: " ")): \(verdict.reason ?? "")", of: id, kind: "alarm")
        }
    }

    func audit(_ sentence: String, of id: InstanceID, kind: String = "takeover") {
        do {
            try parts.catalog.append(AuditEntry(kind: kind, instance: id, sentence: sentence))
        } catch {
            parts.logger.error(
                "cannot write the audit", metadata: ["error": "\(error)", "audit.sentence": "\(sentence)"])
        }
    }

    func alarm(_ sentence: String, of id: InstanceID) {
        parts.logger.error("\(sentence)", metadata: ["instance.id": "\(id)"])
        audit(sentence, of: id, kind: "alarm")
    }

    /// The detector said so. What is done depends on the mode, and on what would be lost.
    private func died(_ id: InstanceID, _ reason: String) async {
        guard parts.settings.mode == .auto, let instance = watched[id] else { return }
        let last = instance.detector.lastAnswer
        var position: LSN?
        if case .seen(let standby)? = instance.seen?.sighting.standby { position = standby.position }
        let loss = TakeoverRecord.knownLoss(
            primary: last?.state.position, standby: position,
            wasSynchronous: last?.state.confirmsByStandby ?? false)
        guard let loss, loss <= parts.settings.lossBytesMax else {
            let what = loss.map { "lacks \($0) bytes of log" } ?? "lacks an unknown amount of log"
            if !instance.isHeldBack {
                watched[id]?.isHeldBack = true
                alarm(
                    "\(id) is not taken over by itself: its standby \(what), and takeover.loss_bytes_max is "
                        + "\(parts.settings.lossBytesMax). Order it with `foreshard takeover \(id)`", of: id)
            }
            return
        }
        do {
            try await takeOver(id, because: reason, orderedByPerson: false)
        } catch {
            parts.logger.error("a takeover failed", metadata: ["instance.id": "\(id)", "error": "\(error)"])
        }
    }
}
