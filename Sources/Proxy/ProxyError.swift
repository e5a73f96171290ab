/// What went wrong with an order to the router.
package struct ProxyError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case drainTimedOut
        case gateBusy
        case shutDown
    }

    package let code: Code
    package let description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
