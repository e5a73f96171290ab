// Standbys that the pool makes: designated where there is none, looked at like any other once they run, made anew when
// they are lost, waited for by commits where that is asked for.
//
// Invariant: commits wait for a standby of the pool only while it streams, or was seen to a short time ago. So the wait is
// ordered after the standby is seen to stream, and taken back before it is given up, and before the pool is stopped.
import ClusterModel
import ContingentPool
import Logging
import PostgresClient
import Takeover

extension TakeoverService {
    /// Sees which of the pool's members is the standby now; where none is, one is designated.
    func followPool(_ id: InstanceID) async {
        let member = await parts.pool.standby(of: id)
        let isAtWork = if let member { await parts.pool.isAtWork(on: member.id) } else { false }
        guard var now = watched[id], !now.isBusy, now.pending == nil, let home = parts.directory.home(id) else {
            return
        }
        now.pooled?.making = isAtWork || member?.state.kind == .seeding ? member?.id : nil
        if isAtWork { now.pooled?.watch.paused() }
        let standby = member.flatMap(Self.standby)
        if standby?.member != now.standby?.member {
            // What was seen of another one says nothing about this one.
            var fresh = Self.watched(home, standby, parts.settings)
            (fresh.replaced, fresh.takeovers, fresh.oldPrimary) = (now.replaced, now.takeovers, now.oldPrimary)
            (fresh.answersOfRouter, fresh.verdict, fresh.pooled) = (now.answersOfRouter, now.verdict, now.pooled)
            fresh.pooled?.watch.paused()
            if standby == nil { fresh.verdict = .alive }
            now = fresh
        } else if let standby, standby.address != now.standby?.address {
            now.standby = standby
            now.replica = ServerProbe(standby.address.endpoint(like: home.endpoint))
        }
        watched[id] = now
        if member == nil { await designate(home) } else { watched[id]?.pooled?.complaint = nil }
    }

    private static func standby(_ member: PoolMember) -> Standby? {
        guard case .standby = member.state, let endpoint = member.endpoint else { return nil }
        return Standby(address: ServerAddress(endpoint), zone: member.zone, member: member.id)
    }

    func designate(_ home: Instance) async {
        do {
            if try await parts.pool.designateStandby(of: home, parts.standbyZone) {
                watched[home.id]?.pooled?.complaint = nil
            }
        } catch {
            let complaint = "\(error)"
            guard watched[home.id]?.pooled?.complaint != complaint else { return }
            watched[home.id]?.pooled?.complaint = complaint
            alarm("\(home.id) has no standby: \(complaint)", of: home.id)
        }
    }

    /// A server of the pool that was started again may be at another port.
    func followServer(_ id: InstanceID) async {
        guard let server = await parts.pool.server(of: id), let endpoint = server.endpoint, let surroundings,
            watched[id]?.isBusy == false, watched[id]?.pending == nil, let home = parts.directory.home(id)
        else { return }
        let address = ServerAddress(endpoint)
        guard address != ServerAddress(home.endpoint) else { return }
        parts.directory.relocate(id, to: address, zone: server.zone)
        watched[id]?.primary = ServerProbe(address.endpoint(like: home.endpoint))
        await surroundings.proxy.setInstances(await surroundings.routed())
        parts.logger.notice(
            "an instance is at another port", metadata: ["instance.id": "\(id)", "takeover.new": "\(address)"])
    }

    // MARK: While it is looked at

    /// What the last look means for a standby of the pool.
    func tendPooled(_ id: InstanceID) async {
        guard let instance = watched[id], !instance.isBusy, instance.pending == nil,
            let sighting = instance.seen?.sighting,
            let member = instance.standby?.member, instance.pooled?.making == nil
        else { return }
        switch watched[id]?.pooled?.watch.looked(sighting) {
        case nil, .unknown, .ailing: break
        case .well: await isWell(id, member)
        case .lost(let reason): await lost(id, member, reason)
        }
    }

    private func isWell(_ id: InstanceID, _ member: InstanceID) async {
        guard let pooled = watched[id]?.pooled, let home = parts.directory.home(id) else { return }
        if pooled.admitting != member { await checkRouterGetsIn(id, member) }
        guard pooled.settings.isSynchronous, pooled.confirming != member else { return }
        do {
            try await HomeConfirmation.begin(at: home.endpoint, by: member, besides: await poolNames)
            watched[id]?.pooled?.confirming = member
            watched[id]?.pooled?.obstacle = nil
            audit("commits of \(id) wait for its standby \(member) from now on", of: id)
        } catch {
            let obstacle = "\(error)"
            guard watched[id]?.pooled?.obstacle != obstacle else { return }
            watched[id]?.pooled?.obstacle = obstacle
            alarm("commits of \(id) do not wait for its standby \(member): \(obstacle)", of: id)
        }
    }

    private func lost(_ id: InstanceID, _ member: InstanceID, _ reason: String) async {
        guard let home = parts.directory.home(id) else { return }
        do {
            if try await HomeConfirmation.end(at: home.endpoint, by: await poolNames) {
                audit("commits of \(id) wait for no standby any more: \(member) is lost", of: id)
            }
            watched[id]?.pooled?.confirming = nil
            // From here on nobody lets it take over; if the pool keeps it, the next round finds it again.
            guard let now = watched[id], !now.isBusy, now.standby?.member == member else { return }
            watched[id]?.standby = nil
            watched[id]?.replica = nil
            try await parts.pool.giveUpStandby(member, because: reason)
            alarm("\(member), the standby of \(id), is lost and is made anew: \(reason)", of: id)
        } catch {
            parts.logger.error(
                "a lost standby could not be given up", metadata: ["instance.id": "\(id)", "error": "\(error)"])
        }
    }

    /// A standby that the router cannot log in to would take over and serve nobody.
    private func checkRouterGetsIn(_ id: InstanceID, _ member: InstanceID) async {
        guard let surroundings, let standby = watched[id]?.standby,
            let routed = await surroundings.routed().first(where: { $0.instance.id == id })
        else { return }
        watched[id]?.pooled?.admitting = member
        let probe = ServerProbe(standby.address.endpoint(like: routed.instance.endpoint))
        let answer = await probe.ask("SELECT 1", within: probeLimit)
        await probe.close()
        guard case .refused(let state, let reason) = answer, state.hasPrefix("28") || state == "08P01" else { return }
        alarm(
            "the router cannot log in to \(member), the standby of \(id), as \(routed.instance.endpoint.user): \(reason). "
                + "Give that role a password at \(id), and name it under `application`", of: id)
    }

    private var poolNames: Set<InstanceID> { get async { await parts.pool.instanceNames } }

    /// Before the pool's servers are stopped: nobody's commits wait for them any more.
    func releaseHomes() async {
        let names = await poolNames
        for (id, instance) in watched.sorted(by: { $0.key < $1.key }) where instance.pooled?.confirming != nil {
            guard let home = parts.directory.home(id) else { continue }
            do {
                if try await HomeConfirmation.end(at: home.endpoint, by: names) {
                    audit("commits of \(id) wait for no standby any more: Foreshard is stopped", of: id)
                }
            } catch {
                parts.logger.error(
                    "commits wait for a standby that is being stopped: empty synchronous_standby_names",
                    metadata: ["instance.id": "\(id)", "error": "\(error)"])
            }
        }
    }
}
