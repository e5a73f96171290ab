// A takeover, step by step:
//   1. the intention is written to the catalog
//   2. the router leaves the instance: connections closed, statements wait at the gates
//   3. the old primary is looked at a last time: alive, it ends the takeover; or, ordered by a person, it is shut first
//   4. the standby replays what it received, and is promoted
//   5. the outcome is written to the catalog: from here on the instance is at the new address
//   6. the router is told, the gates open
//   7. moves that lost their replication slots are ended
// Until 5 nothing is sent to the standby, from 2 on nothing to the old primary. A process that dies on the way leaves the
// intention; 3 to 7 are repeated by the next one, and each may be repeated.
import ClusterModel
import Logging
import PostgresClient
import Takeover

extension TakeoverService {
    /// - Throws: why it was not done, in words for the user.
    func takeOver(_ id: InstanceID, because reason: String, orderedByPerson: Bool) async throws {
        guard let surroundings else { throw OrderRefusal("the router does not run yet.") }
        guard let instance = watched[id], let standby = instance.standby, !instance.isBusy, instance.pending == nil,
            let home = parts.directory.home(id)
        else { throw OrderRefusal("\(id) has no standby that could take over now.") }
        watched[id]?.isBusy = true
        defer { watched[id]?.isBusy = false }
        if let member = standby.member, await parts.pool.standby(of: id)?.state != .standby(id) {
            throw OrderRefusal("\(member) is no standby of \(id) any more: try again.")
        }
        let last = instance.detector.lastAnswer
        let age = last.flatMap { last in (instance.seen?.sighting.at).map { $0 - last.at } }
        let record = try parts.catalog.intend(
            TakeoverRecord(
                number: 0, instance: id, old: ServerAddress(home.endpoint), new: standby.address, zone: standby.zone,
                detectedAt: parts.clock.now(), primaryPosition: last?.state.position,
                unseenMilliseconds: age?.wholeMilliseconds,
                wasSynchronous: last?.state.confirmsByStandby ?? false, reason: reason, member: standby.member))
        parts.logger.error(
            "a standby takes over", metadata: ["instance.id": "\(id)", "takeover.reason": "\(reason)"])
        parts.crashSwitch(.intended)
        await surroundings.proxy.fence(id)
        watched[id]?.pending = record
        try await carryOut(record, mayShut: orderedByPerson)
    }

    /// Takes up a takeover that failed on its way; the router has left the instance.
    func resume(_ id: InstanceID) async {
        guard let record = watched[id]?.pending, watched[id]?.isBusy == false else { return }
        watched[id]?.isBusy = true
        defer { watched[id]?.isBusy = false }
        do {
            try await carryOut(record, mayShut: false)
        } catch {
            parts.logger.error("a takeover is not done yet", metadata: ["instance.id": "\(id)", "error": "\(error)"])
        }
    }

    private func carryOut(_ record: TakeoverRecord, mayShut: Bool) async throws {
        let id = record.instance
        guard let surroundings, let home = parts.directory.home(id) else { return }
        let outcome: TakeoverRecord
        do {
            outcome = try await Succession(record: record, home: home, parts: parts).perform(mayShut: mayShut)
        } catch let called as CalledOff {
            try parts.catalog.conclude(called.record, sentence: called.sentence)
            watched[id]?.pending = nil
            await surroundings.proxy.unfence(id, instances: await surroundings.routed())
            throw OrderRefusal(called.sentence)
        }
        parts.directory.relocate(id, to: outcome.new, zone: outcome.zone)
        await surroundings.proxy.unfence(id, instances: await surroundings.routed())
        await succeeded(outcome)
        await surroundings.takenOver(id)
    }

    private func succeeded(_ record: TakeoverRecord) async {
        let id = record.instance
        guard let home = parts.directory.home(id) else { return }
        var fresh = Self.watched(home, nil, parts.settings)
        fresh.replaced = record
        fresh.isBusy = true
        fresh.takeovers = (watched[id]?.takeovers ?? 0) + 1
        fresh.pooled = watched[id]?.pooled.map { Pooled($0.settings, parts.settings) }
        watched[id] = fresh
        guard fresh.pooled == nil else {
            alarm("\(id) is without a standby until the pool has made another", of: id)
            return await designate(home)
        }
        alarm(
            "\(id) is without a standby now: make one of \(record.new), name \(record.new) as \(id)'s host and port and "
                + "the new standby under its `standby` in the configuration, and restart (docs/TAKEOVER.md)", of: id)
    }

    // MARK: The old primary

    /// Whoever comes back as the old primary must not take writes: the router never goes there, others might.
    func lookAtOld(_ id: InstanceID) async {
        guard let record = watched[id]?.replaced, let home = parts.directory.home(id), await !isThePools(record.old)
        else {
            return
        }
        let old = record.old.endpoint(like: home.endpoint)
        switch await StandbyControl.look(at: old, within: probeLimit) {
        case .silent: stands("does not answer", id, alarming: nil)
        case .follows: stands("follows as a standby", id, alarming: nil)
        case .shut: stands("is shut", id, alarming: nil)
        case .unclear(let reason): stands("answers, but not us: \(reason)", id, alarming: "stop it")
        case .open(_, let timeline, let position):
            guard let present = record.timeline, timeline < present else {
                return stands(
                    "takes writes on timeline \(timeline), which is not older than that of the takeover", id,
                    alarming: "it is left alone: see whether it is the same server")
            }
            do {
                let end = try await StandbyControl.shut(old) ?? position
                let loss = record.standbyPosition.map { end > $0 ? end.position - $0.position : 0 }
                stands(
                    "came back and was shut: its database takes no connections", id,
                    alarming: "its log goes on for \(loss.map { "\($0)" } ?? "an unknown number of") bytes behind the "
                        + "takeover. Make it a standby: \(rebuilding(record, home))")
            } catch {
                stands("came back, takes writes and cannot be shut: \(error)", id, alarming: "stop it")
            }
        }
    }

    /// A server of the pool may have the old primary's address by now, or be it: set aside, it is looked after like any
    /// old primary; emptied, it is none.
    private func isThePools(_ address: ServerAddress) async -> Bool {
        await parts.pool.allMembers.contains { member in
            member.endpoint.map { ServerAddress($0) } == address && member.state.kind != .quarantined
                && member.state.kind != .absent && member.state.kind != .retired
        }
    }

    private func stands(_ what: String, _ id: InstanceID, alarming advice: String?) {
        guard watched[id]?.oldPrimary != what, let old = watched[id]?.replaced?.old else { return }
        watched[id]?.oldPrimary = what
        let sentence = "the old primary of \(id), \(old), \(what)"
        if let advice {
            alarm("\(sentence); \(advice)", of: id)
        } else {
            parts.logger.notice("\(sentence)", metadata: ["instance.id": "\(id)"])
        }
    }

    private func rebuilding(_ record: TakeoverRecord, _ home: Instance) -> String {
        let source =
            "host=\(record.new.host) port=\(record.new.port) user=\(home.endpoint.user) dbname=\(home.endpoint.database)"
        return
            "stop it, then `pg_rewind -R --target-pgdata=ITS_DATA_DIRECTORY --source-server='\(source)'`, or empty its "
            + "directory and `pg_basebackup -R -X stream -D ITS_DATA_DIRECTORY -h \(record.new.host) -p "
            + "\(record.new.port) -U \(home.endpoint.user)`"
    }
}
