// A client's way in: authentication, then the parameters that its settings give at an instance.
import NIOCore
import WireProtocol

extension ClientConnection {
    func obey(_ action: ClientLoginStateMachine.Action) {
        switch action {
        case .refuseEncryption: write(ByteBuffer(bytes: [UInt8(ascii: "N")]))
        case .encrypt: encrypt()
        case .cancel(let key):
            plane.cancel(key)
            close(.cancelRequestServed)
        case .ask(let messages): for message in messages { write(RouterAnswers.encoded(message)) }
        case .admit(let login, let messages):
            for message in messages { write(RouterAnswers.encoded(message)) }
            admit(login)
        case .reject(let error):
            plane.counters.loginsFailed += 1
            closeWithError(.clientLoginFailed, error)
        }
    }

    private func admit(_ login: ClientLogin) {
        guard plane.serves(database: login.database) else {
            rejectLogin(.invalidCatalogName, "database \"\(login.database)\" is not served by this router")
            return
        }
        let pairs = SessionSettings.pairs(startup: login.parameters.map { ($0.name, $0.value) })
        if let refusal = pairs.lazy.compactMap({ self.plane.refusal(ofSetting: $0.name, $0.value) }).first {
            rejectLogin(SQLState(refusal.sqlState), refusal.message, hint: refusal.hint)
            return
        }
        let settings = SessionSettings(startup: pairs)
        do throws(BatchFailure) {
            try QuerySession.check(settings, limits)
        } catch {
            rejectLogin(error.message.sqlState, error.message.message)
            return
        }
        session = QuerySession(limits: limits, settings: settings)
        guard let template = plane.loginTemplates[settings] else {
            lease(for: .login(login), at: plane.anyInstance())
            return
        }
        welcome(template)
    }

    /// A connection carries the client's settings now: what it says of them is what the client is told.
    func loginPrepared() {
        guard let backend else { preconditionFailure("a log-in was prepared without a connection") }
        let parameters = backend.parameters.sorted { $0.key < $1.key }
        var template = ByteBuffer()
        for (name, value) in parameters {
            BackendMessage.parameterStatus(name: name, value: value).write(into: &template)
        }
        plane.remember(template, for: session.settings)
        releaseBackend()
        welcome(template)
        process()
    }

    private func welcome(_ template: ByteBuffer) {
        write(RouterAnswers.encoded(.authentication(.ok)))
        write(template)
        write(RouterAnswers.encoded(.backendKeyData(cancelKey)))
        write(RouterAnswers.ready(.idle))
        stage = .reading
    }

    func rejectLogin(_ code: SQLState, _ message: String, hint: String? = nil) {
        plane.counters.loginsFailed += 1
        closeWithError(
            .clientLoginFailed, ServerMessage(severity: "FATAL", sqlState: code, message: message, hint: hint))
    }
}
