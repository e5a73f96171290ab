/// What went wrong with a PostgreSQL server on this machine, in words for the person who has to mend it.
package struct LocalPostgresError: Error, Equatable, CustomStringConvertible {
    package enum Code: Sendable {
        /// PostgreSQL's programs were not found, or are too old.
        case noInstallation
        /// No account is at hand that PostgreSQL agrees to run under.
        case noAccount
        /// The directory cannot be used by the server's account.
        case badDirectory
        /// A program could not be started, or ended with an error.
        case commandFailed
        /// The server did not become ready, or ended by itself.
        case notReady
        /// The server was still there after its last deadline.
        case notStopped
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
