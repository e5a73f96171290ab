import ClusterModel
import GRDB

/// How far a source of usage has been taken in.
package struct ImportSource: Sendable, Equatable {
    package let name: String
    /// The importer's place in the source: a byte of a file, a serial number, a time. Only the importer knows.
    package var position: Int64
    /// What the importer needs to go on from there. Opaque to the history.
    package var state: [UInt8]

    package init(name: String, position: Int64 = 0, state: [UInt8] = []) {
        self.name = name
        self.position = position
        self.state = state
    }
}

/// What became of the records of an import.
package struct ImportOutcome: Sendable, Equatable {
    package var added = 0
    /// Records of steps that were measured live, which is worth more.
    package var leftAlone = 0
    /// Records older than all that the history keeps.
    package var tooLate = 0

    package init(added: Int = 0, leftAlone: Int = 0, tooLate: Int = 0) {
        self.added = added
        self.leftAlone = leftAlone
        self.tooLate = tooLate
    }
}
