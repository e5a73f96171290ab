import ClusterModel
import GRDB

/// The numbers under which the history stores segments.
struct SegmentNames {
    let database: Database

    /// The number of each named segment, giving numbers to new ones.
    func numbers(of segments: Set<SegmentID>) throws -> [SegmentID: Int64] {
        var numbers = try numbers()
        for segment in segments.subtracting(numbers.keys).sorted(by: { $0.text < $1.text }) {
            try database.cachedStatement(sql: "INSERT INTO segment (name) VALUES (?)")
                .execute(arguments: [segment.text])
            numbers[segment] = database.lastInsertedRowID
        }
        return numbers
    }

    func numbers() throws -> [SegmentID: Int64] {
        let cursor = try Row.fetchCursor(database.cachedStatement(sql: "SELECT name, id FROM segment"))
        return try Dictionary(uniqueKeysWithValues: cursor.map { (SegmentID($0[0]), $0[1]) })
    }

    func names() throws -> [Int64: SegmentID] {
        try Dictionary(uniqueKeysWithValues: numbers().map { ($0.value, $0.key) })
    }
}
