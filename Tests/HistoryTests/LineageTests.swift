import ClusterModel
import Foundation
import Testing

@testable import History

/// Segments that were made of others have their history.
@Suite struct LineageTests {
    private let step = Duration.seconds(300)

    private func append(_ history: HistoryStore, _ segment: SegmentID, _ steps: Range<Int>, load: Double) throws {
        try history.append(steps.map { record(segment, $0 * 300, busy: load * 300) }, step: step)
    }

    private func loads(_ history: HistoryStore, _ segment: SegmentID) throws -> [Double] {
        try history.loads(step: step, from: noon, to: noon + .seconds(3000))[segment]?.values ?? []
    }

    private func at(_ index: Int) -> Timestamp { noon + .seconds(index * 300) }

    @Test func childrenHaveTheirShareOfWhatWasBefore() throws {
        try withHistory { history, _ in
            try append(history, "a", 0..<4, load: 8)
            try history.recordSplit(of: "a", into: [("b", 0.25), ("c", 0.75)], at: at(3))
            try append(history, "b", 3..<5, load: 1)
            let b = try loads(history, "b")
            let c = try loads(history, "c")
            let a = try loads(history, "a")
            #expect(b == [2, 2, 2, 1, 1])
            #expect(c == [6, 6, 6])
            #expect(a == [8, 8, 8, 8])
        }
    }

    @Test func aMergedSegmentIsTheSumOfItsPartsWhereAllWereMeasured() throws {
        try withHistory { history, _ in
            try append(history, "a", 0..<3, load: 1)
            try append(history, "b", 1..<3, load: 2)
            try append(history, "m", 3..<4, load: 7)
            try history.recordMerge(of: ["a", "b"], into: "m", at: at(3))
            let merged = try loads(history, "m")
            #expect(merged == [3, 3, 7])
        }
    }

    /// The numbers of segments are given in another order than they are made in.
    @Test func changesFollowOneAnother() throws {
        try withHistory { history, _ in
            try append(history, "z", 4..<5, load: 5)
            try append(history, "a", 0..<2, load: 8)
            try history.recordSplit(of: "a", into: [("b", 0.5), ("c", 0.5)], at: at(2))
            try append(history, "b", 2..<3, load: 1)
            try append(history, "c", 2..<4, load: 2)
            try history.recordSplit(of: "b", into: [("d", 1)], at: at(3))
            try append(history, "d", 3..<4, load: 3)
            try history.recordMerge(of: ["c", "d"], into: "z", at: at(4))
            let d = try loads(history, "d")
            let z = try loads(history, "z")
            #expect(d == [4, 4, 1, 3])
            #expect(z == [8, 8, 3, 5, 5])
        }
    }

    @Test func refusesCyclesAndSharesThatAreNone() throws {
        try withHistory { history, _ in
            try history.recordSplit(of: "a", into: [("b", 0.5), ("c", 0.5)], at: at(1))
            try history.recordMerge(of: ["b", "c"], into: "m", at: at(2))
            let refused: [() throws -> Void] = [
                { try history.recordMerge(of: ["m"], into: "a", at: at(3)) },
                { try history.recordMerge(of: ["x"], into: "x", at: at(3)) },
                { try history.recordMerge(of: ["x"], into: "b", at: at(3)) },
                { try history.recordMerge(of: ["x", "x"], into: "y", at: at(3)) },
                { try history.recordMerge(of: [], into: "y", at: at(3)) },
                { try history.recordSplit(of: "m", into: [], at: at(3)) },
                { try history.recordSplit(of: "m", into: [("p", 0.6), ("q", 0.6)], at: at(3)) },
                { try history.recordSplit(of: "m", into: [("p", .nan)], at: at(3)) },
                { try history.recordSplit(of: "m", into: [("p", -0.1)], at: at(3)) },
            ]
            for change in refused {
                let error = #expect(throws: HistoryError.self) { try change() }
                #expect(error?.code == .lineage)
            }
        }
    }
}
