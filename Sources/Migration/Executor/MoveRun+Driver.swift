// Obeys the state machine: persists what it decides, runs the work of the state, tells it what happened.
// There is no rule of the protocol here; what a failure means is the machine's to say.
import ClusterModel
import PostgresClient

extension MoveRun {
    /// Takes the move as far as the event leads: to a state in which it rests.
    /// - Throws: what failed on the way, after it was undone; or `SimulatedCrash`, at once.
    func drive(_ event: MoveEvent) async throws {
        var decision = MoveStateMachine(record.state).on(event)
        var failure: (any Error)?
        var attempts = Attempts(clock.now + configuration.persistence)
        while true {
            switch decision {
            case .refuse(let refusal): throw failure ?? MoveError.refused(refusal, record.state)
            case .rest:
                if let failure { throw failure }
                return
            case .advance(let next):
                try await advance(to: next)
                decision = next.isResting ? .rest : .work
                attempts = Attempts(clock.now + configuration.persistence)
            case .decide(let next):
                decision = try await decide(next, &failure)
                attempts = Attempts(clock.now + configuration.persistence)
            case .undo(let next):
                guard try await isUndecided() else {
                    decision = .work
                    continue
                }
                try await undo(&attempts)
                try await advance(to: next)
                decision = event == .abortRequested ? MoveStateMachine(record.state).on(event) : .rest
            case .work:
                decision = try await work(&failure, &attempts)
            }
        }
    }

    /// How often and how long something is repeated.
    struct Attempts {
        private let end: ContinuousClock.Instant
        private var pause: Duration = .milliseconds(20)

        init(_ end: ContinuousClock.Instant) { self.end = end }

        /// Waits a little longer each time; false when it is time to give up.
        mutating func wait(_ clock: ContinuousClock, pauseMax: Duration) async throws -> Bool {
            guard clock.now + pause < end else { return false }
            try await clock.sleep(for: pause)
            pause = min(pause * 2, pauseMax)
            return true
        }
    }

    private func work(_ failure: inout (any Error)?, _ attempts: inout Attempts) async throws -> MoveDecision {
        do {
            try await runBranches(record.state.work)
            return MoveStateMachine(record.state).on(.stepsDone)
        } catch let crash as SimulatedCrash {
            throw crash
        } catch {
            return try await failed(error, &failure, &attempts)
        }
    }

    private func failed(
        _ error: any Error,
        _ failure: inout (any Error)?,
        _ attempts: inout Attempts
    ) async throws -> MoveDecision {
        guard !isHalted else { throw error }
        await sessions.renew()
        lockedSides = []
        if let error = error as? PostgresError, error.isSuperseded {
            await openGate(wasDecided: false)
            throw error
        }
        let decision = MoveStateMachine(record.state).on(.stepFailed)
        guard decision == .work else {
            failure = failure ?? error
            record.report.failure = "\(failure ?? error)"
            return decision
        }
        guard try await attempts.wait(clock, pauseMax: configuration.pauseMax) else {
            await releaseWaiting()
            throw failure ?? error
        }
        return decision
    }

    /// Ownership is decided but cannot be completed now: statements had better meet the instance's own error than wait.
    private func releaseWaiting() async {
        guard gateClosedAt != nil else { return }
        await gate.publish(order.segment.id, on: record.owner, epoch: record.epoch)
        await openGate(wasDecided: true)
    }

    private func advance(to next: MoveState) async throws {
        if next == .ready, record.report.preparedInMilliseconds == nil {
            record.report.preparedInMilliseconds = (clock.now - begunAt).inSeconds * 1000
        }
        try await journal.advance(
            order.id,
            from: record.state,
            to: next,
            term: record.term,
            report: record.report
        )
        record.state = next
        report(MoveProgress(record: record, step: nil))
    }

    /// The commit point. When the journal fails, what it holds is the truth, so it is asked.
    private func decide(_ next: MoveState, _ failure: inout (any Error)?) async throws -> MoveDecision {
        do {
            try configuration.crashSwitch(.before(.decide))
            let begin = clock.now
            let epoch = try await journal.decideSwitch(
                order.id,
                from: record.state,
                to: next,
                owner: order.instance(next.owner),
                term: record.term,
                report: record.report
            )
            record.epoch = epoch
            record.state = next
            timed(.decide, since: begin)
            try configuration.crashSwitch(.after(.decide))
        } catch let crash as SimulatedCrash {
            throw crash
        } catch {
            let truth = try await recorded()
            guard truth.state == next, truth.term == record.term else {
                failure = error
                return MoveStateMachine(record.state).on(.stepFailed)
            }
            record.state = truth.state
            record.epoch = truth.epoch
        }
        report(MoveProgress(record: record, step: nil))
        return .work
    }

    /// What the journal holds. As long as that is unknown nobody may own: the gate opens, the register stays odd.
    private func recorded() async throws -> MoveRecord {
        var attempts = Attempts(clock.now + configuration.persistence)
        while true {
            do {
                guard let record = try await journal.move(order.id) else { throw MoveError.unknownMove(order.id) }
                return record
            } catch {
                guard try await attempts.wait(clock, pauseMax: configuration.pauseMax) else {
                    await openGate(wasDecided: false)
                    throw error
                }
            }
        }
    }

    /// Whether the journal has the state that memory has. A decision whose answer was lost may have been made: then it is
    /// taken up, and there is nothing to undo.
    private func isUndecided() async throws -> Bool {
        let truth = try await recorded()
        guard truth.state != record.state else { return true }
        record.state = truth.state
        record.epoch = truth.epoch
        return false
    }

    private func undo(_ attempts: inout Attempts) async throws {
        do {
            while true {
                do {
                    try await run(.unfence)
                    break
                } catch let error where !(error is SimulatedCrash) {
                    guard !isHalted else { throw error }
                    await sessions.renew()
                    guard try await attempts.wait(clock, pauseMax: configuration.pauseMax) else { throw error }
                }
            }
        } catch let error where !(error is SimulatedCrash) {
            await openGate(wasDecided: false)
            throw error
        }
        try await run(.reopenGate)
    }

    // MARK: Steps

    /// Branches side by side; the first failure interrupts the others.
    private func runBranches(_ branches: [[MoveStep]]) async throws {
        guard branches.count > 1 else {
            for step in branches.first ?? [] { try await run(step) }
            return
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for branch in branches {
                group.addTask { for step in branch { try await self.run(step) } }
            }
            do {
                while try await group.next() != nil {}
            } catch {
                await sessions.interrupt()
                throw error
            }
        }
    }

    private func run(_ step: MoveStep) async throws {
        report(MoveProgress(record: record, step: step))
        if step.changesTheWorld { try configuration.crashSwitch(.before(step)) }
        let begin = clock.now
        try await perform(step)
        timed(step, since: begin)
        if step.changesTheWorld { try configuration.crashSwitch(.after(step)) }
    }

    private func timed(_ step: MoveStep, since begin: ContinuousClock.Instant) {
        record.report.add(StepTiming(step: step, milliseconds: (clock.now - begin).inSeconds * 1000))
    }

    private func perform(_ step: MoveStep) async throws {
        switch step {
        case .precheck: try await precheck()
        case .furnish: try await onBothSides { try await self.furnish($0) }
        case .register: try await onBothSides { try await self.createRegister($0) }
        case .guardTables: try await onBothSides { try await self.guardTables($0) }
        case .publishForward: try await createPublication(.forward, armed: true)
        case .slotForward: try await createSlotWithSnapshot()
        case .subscribeForward: try await createSubscription(.forward)
        case .copy: try await copy()
        case .catchUp: try await catchUp()
        case .verify: try await verify()
        case .publishReverse: try await createPublication(.reverse, armed: false)
        case .slotReverse: try await createSlot(.reverse)
        case .subscribeReverse: try await subscribeReverse()
        case .analyze: try await analyze()
        case .roundTrip: try await exchangeToken(.reverse, within: configuration.catchUpWithin, .second)
        case .checkGate: try await checkGate()
        case .lock: try await lockBothSides()
        case .closeGate: try await closeGate()
        case .fence: try await fence()
        case .disarm: try await disarm()
        case .awaitApplied: try await awaitApplied()
        case .decide: preconditionFailure("the driver decides, no step does; state \(record.state)")
        case .own: try await own()
        case .publish: await publish()
        case .unfence: try await unfence()
        case .reopenGate: await openGate(wasDecided: false)
        case .dropStreams: try await dropStreams()
        case .releaseOwner: try await releaseOwner()
        case .deleteRows: try await deleteRows()
        case .dropObjects: try await dropObjects()
        }
    }

    func onBothSides(_ body: @escaping @Sendable (Side) async throws -> Void) async throws {
        async let source: Void = body(.source)
        async let target: Void = body(.target)
        _ = try await (source, target)
    }
}
