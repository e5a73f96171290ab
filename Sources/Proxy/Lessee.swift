// Whoever has a connection of an instance for now: a client, or one part of a read of several segments. All calls are on
// the data plane's loop.
import NIOCore
import WireProtocol

protocol Lessee: AnyObject {
    /// Answers that are its own, whole or in pieces.
    func relay(_ bytes: ByteBuffer)
    func answerRowsRelayed(_ count: Int)
    func answerErrorRelayed()
    func parsesStruck(_ parses: [(PreparedStatement, clientName: String?)])
    /// All answers are in.
    func instanceBecameQuiet()
    func preparationFailed(_ error: ServerMessage)
    /// `midRow`: it has a part of a row that will never be whole.
    func instanceLost(midRow: Bool)
    func instanceWritabilityChanged()
    /// It waits for COPY data, or for the Sync after them.
    func instanceTakesCopyMessages()
    func flushIfNeeded()
}
