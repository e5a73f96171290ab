import NIOCore
import Testing
import WireProtocol

@testable import Proxy

@Suite struct BackendStateMachineTests {
    private func received(
        _ machine: inout BackendStateMachine, _ type: Character, _ first: Character? = nil
    ) -> BackendStateMachine.ReceivedAction {
        machine.received(type.asciiValue ?? 0, firstByte: first?.asciiValue)
    }

    @Test func aQueryEndsWithItsReadyForQuery() {
        var machine = BackendStateMachine()
        machine.sent(.query(isVisible: true))
        for type in "TDDCN" { #expect(received(&machine, type) == .relay) }
        #expect(!machine.isProvenIdle)
        #expect(received(&machine, "Z", "T") == .relay)
        #expect(machine.isQuiet)
        #expect(!machine.isProvenIdle)
        machine.sent(.query(isVisible: true))
        #expect(received(&machine, "E") == .relay)
        #expect(received(&machine, "Z", "I") == .relay)
        #expect(machine.isProvenIdle)
    }

    @Test func whatTheRouterAskedIsSwallowed() {
        var machine = BackendStateMachine()
        machine.sent(.query(isVisible: false))
        machine.sent(.query(isVisible: true))
        for type in "TDCN" { #expect(received(&machine, type) == .swallow) }
        #expect(received(&machine, "S") == .parameterChanged(isVisible: false))
        #expect(received(&machine, "Z", "I") == .swallow)
        #expect(received(&machine, "C") == .relay)
        #expect(received(&machine, "S") == .parameterChanged(isVisible: true))
        #expect(received(&machine, "Z", "I") == .relay)
    }

    @Test func localAnswersStandInTheirPlace() {
        var machine = BackendStateMachine()
        machine.sent(.local(ByteBuffer(string: "1")))
        machine.sent(.bind)
        machine.sent(.execute)
        machine.sent(.local(ByteBuffer(string: "3")))
        machine.sent(.ready(isVisible: true))
        #expect(machine.takeLocal() == ByteBuffer(string: "1"))
        #expect(machine.takeLocal() == nil)
        #expect(received(&machine, "2") == .relay)
        #expect(received(&machine, "D") == .relay)
        #expect(received(&machine, "C") == .relay)
        #expect(machine.takeLocal() == ByteBuffer(string: "3"))
        #expect(received(&machine, "Z", "I") == .relay)
        #expect(machine.isProvenIdle)
    }

    @Test func anErrorStrikesEverythingUpToSync() {
        var machine = BackendStateMachine()
        machine.sent(.bind)
        machine.sent(.execute)
        machine.sent(.local(ByteBuffer(string: "1")))
        machine.sent(.ready(isVisible: true))
        #expect(received(&machine, "E") == .relay)
        #expect(machine.takeLocal() == nil)
        #expect(received(&machine, "Z", "I") == .relay)
        #expect(machine.isProvenIdle)
    }

    @Test func anErrorOfAStatementsUseIsToldApart() {
        let answers: [(ExpectedAnswer, isUse: Bool)] = [
            (.bind, true), (.describeStatement, true), (.execute, true), (.query(isVisible: true), false),
        ]
        for (answer, isUse) in answers {
            var machine = BackendStateMachine()
            machine.sent(answer)
            #expect(received(&machine, "E") == .relay)
            #expect(machine.hasFailedStatementUse == isUse)
        }
    }

    @Test func anErrorInWhatTheRouterAskedIsAFailedPreparation() {
        var machine = BackendStateMachine()
        machine.sent(.query(isVisible: false))
        #expect(received(&machine, "E") == .preparationFailed)
    }

    @Test func unsyncedMessagesAreNotProvenIdle() {
        var machine = BackendStateMachine()
        machine.sent(.bind)
        #expect(received(&machine, "2") == .relay)
        #expect(machine.isQuiet)
        #expect(!machine.isProvenIdle)
    }

    /// Every message type in a state where nothing is expected.
    @Test func unexpectedMessagesAreViolations() {
        for type in UInt8.min ... .max {
            var machine = BackendStateMachine()
            let action = machine.received(type, firstByte: 0x49)
            switch Character(UnicodeScalar(type)) {
            case "N", "A": #expect(action == .swallow)
            case "S": #expect(action == .parameterChanged(isVisible: false))
            default: #expect(action == .violation)
            }
        }
    }

    @Test func copyDataPassUntilTheirEnd() {
        var machine = BackendStateMachine()
        machine.sent(.query(isVisible: true))
        #expect(machine.copyReceived(.copyData) == .drop)
        #expect(received(&machine, "G") == .relay)
        #expect(machine.isCopyingIn)
        #expect(machine.copyReceived(.copyData) == .pass)
        #expect(machine.copyReceived(.flush) == .drop)
        #expect(machine.copyReceived(.query) == .violation)
        #expect(machine.copyReceived(.copyDone) == .pass)
        #expect(!machine.isCopyingIn && !machine.awaitsSyncAfterCopy)
        #expect(machine.copyReceived(.copyData) == .drop)
        #expect(received(&machine, "C") == .relay)
        #expect(received(&machine, "Z", "I") == .relay)
        #expect(machine.isProvenIdle)
    }

    @Test func theSyncBeforeCopyDataIsMadeUpForByOneAfterThem() {
        for end in [FrontendMessage.Kind.copyDone, .copyFail] {
            var machine = BackendStateMachine()
            machine.sent(.bind)
            machine.sent(.execute)
            machine.sent(.ready(isVisible: true))
            #expect(received(&machine, "2") == .relay)
            #expect(received(&machine, "G") == .relay)
            #expect(machine.copyReceived(.sync) == .drop)
            #expect(machine.copyReceived(end) == .pass)
            #expect(machine.awaitsSyncAfterCopy)
            #expect(received(&machine, end == .copyDone ? "C" : "E") == .relay)
            #expect(machine.copyReceived(.sync) == .pass)
            #expect(machine.copyReceived(.sync) == .drop)
            #expect(received(&machine, "Z", "I") == .relay)
            #expect(machine.isProvenIdle)
        }
    }

    @Test func aCopyInABatchWithoutSyncIsFlushed() {
        var machine = BackendStateMachine()
        machine.sent(.execute)
        #expect(received(&machine, "G") == .relay)
        #expect(machine.copyReceived(.copyDone) == .passAndFlush)
        #expect(received(&machine, "C") == .relay)
        #expect(machine.isQuiet && !machine.isProvenIdle)
    }

    @Test func nobodyIsAskedForCopyDataThatTheClientDidNotWantToSend() {
        var machine = BackendStateMachine()
        machine.sent(.query(isVisible: false))
        #expect(received(&machine, "G") == .violation)
    }
}
