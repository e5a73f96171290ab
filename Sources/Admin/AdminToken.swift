// Who may speak to the admin port: whoever can read the token's file in the data directory. So the port is as safe as
// that directory, on a machine that several people share.
import Foundation

package enum AdminToken {
    package static let fileName = "admin.token"

    /// The token of a data directory, made at the first start and readable by its owner only.
    package static func loadOrMake(in directory: String) throws -> String {
        let path = directory + "/" + fileName
        if let token = try? load(from: directory) { return token }
        var generator = SystemRandomNumberGenerator()
        let token = (0..<4).map { _ in String(generator.next(), radix: 36) }.joined()
        let made = FileManager.default.createFile(
            atPath: path, contents: Data((token + "\n").utf8), attributes: [.posixPermissions: 0o600])
        guard made else { throw AdminError("cannot write \(path): is the directory writable?") }
        return token
    }

    package static func load(from directory: String) throws -> String {
        let path = directory + "/" + fileName
        guard let data = FileManager.default.contents(atPath: path) else {
            throw AdminError("cannot read \(path): has `foreshard serve` been started with this configuration?")
        }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// What went wrong between the command line and a running server.
package struct AdminError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
