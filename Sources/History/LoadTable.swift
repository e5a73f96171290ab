// The loads of all segments over a range of time, made from blocks without making rows.
// Memory: one number per segment and step of the part of the range that has data, and one block at a time.

import ClusterModel
import Forecasting
import GRDB

/// For each segment the load of each step; NaN where nothing, or too little, was measured.
struct LoadTable {
    private let resolution: HistoryResolution
    private let start: Timestamp
    private let count: Int
    private let coveredMin: Int64
    private var loads: [Int64: [Double]] = [:]
    /// The first and the last step with a row, measured enough or not.
    private var present: [Int64: ClosedRange<Int>] = [:]

    /// Reads the steps that start in `from ..< to`.
    init(reading reader: UsageReader, _ resolution: HistoryResolution, from: Timestamp, to: Timestamp) throws {
        self.resolution = resolution
        let step = resolution.step
        coveredMin = Int64((HistoryStore.coveredShareMin * Double(step.wholeMilliseconds)).rounded(.up))
        let data = try Self.extent(of: resolution, in: reader.database)
        let first = max(from, data.lowerBound)
        let aligned = first.floored(to: step)
        start = aligned < first ? aligned + step : aligned
        let end = min(to, data.upperBound)
        count =
            end > start
            ? Int(((end - start).wholeMilliseconds + step.wholeMilliseconds - 1) / step.wholeMilliseconds) : 0
        guard count > 0 else { return }
        var columns = UsageColumns()
        try reader.readChunks(resolution, from: start, to: end) { segment, chunk, bytes in
            try columns.decode(bytes)
            fill(segment: segment, at: resolution.steps(from: start, to: chunk), columns)
        }
        try reader.readPages(resolution, from: start, to: end) { number, time, bytes in
            try columns.decode(bytes)
            let index = resolution.steps(from: start, to: time)
            for (row, key) in columns.keys.enumerated() {
                let segment = number * UsagePages.segmentsInPage + Int64(key)
                set(segment: segment, index, covered: columns.covered[row], offered: columns.offered[row])
            }
        }
    }

    /// The loads by the segments' numbers, each from its first measured step to its last.
    consuming func series() -> [(Int64, LoadSeries)] {
        present.map { segment, range in
            let values = loads[segment].map { $0[range] } ?? []
            let begin = start + resolution.step * range.lowerBound
            return (segment, LoadSeries(start: begin, step: resolution.step, values: Array(values)))
        }
    }

    /// Gives each segment that a split or a merge made the loads of those it was made of, before that time and where
    /// it has none of its own.
    mutating func inherit(_ lineage: Lineage) {
        for child in lineage.childrenAfterParents {
            for (step, load) in inherited(lineage.parents[child] ?? []) {
                extend(child, to: step...step)
                if let own = loads[child]?[step], own.isNaN { loads[child]?[step] = load }
            }
        }
    }

    /// The sum of the parents' shares in each step before the change that all of them have.
    private func inherited(_ parents: [Lineage.Parent]) -> [(step: Int, load: Double)] {
        guard let at = parents.first?.at, count > 0 else { return [] }
        let end = min(count, resolution.steps(from: start, to: at + resolution.step - .milliseconds(1)))
        guard end > 0 else { return [] }
        return (0..<end).compactMap { step in
            let load = parents.reduce(0) { $0 + (loads[$1.segment]?[step] ?? .nan) * $1.share }
            return load.isNaN ? nil : (step, load)
        }
    }

    private mutating func fill(segment: Int64, at offset: Int, _ columns: UsageColumns) {
        let inside = columns.keys.indices.filter { (0..<count).contains(offset + columns.keys[$0]) }
        guard let first = inside.first, let last = inside.last else { return }
        extend(segment, to: offset + columns.keys[first]...offset + columns.keys[last])
        let coveredMin = coveredMin
        loads[segment]?.withUnsafeMutableBufferPointer { loads in
            for row in inside {
                loads[offset + columns.keys[row]] = Self.load(columns.covered[row], columns.offered[row], coveredMin)
            }
        }
    }

    private mutating func set(segment: Int64, _ index: Int, covered: Int64, offered: Int64) {
        extend(segment, to: index...index)
        loads[segment]?[index] = Self.load(covered, offered, coveredMin)
    }

    private mutating func extend(_ segment: Int64, to range: ClosedRange<Int>) {
        guard let known = present[segment] else {
            present[segment] = range
            loads[segment] = Array(repeating: .nan, count: count)
            return
        }
        present[segment] = min(known.lowerBound, range.lowerBound)...max(known.upperBound, range.upperBound)
    }

    private static func load(_ covered: Int64, _ offered: Int64, _ coveredMin: Int64) -> Double {
        covered >= coveredMin ? (Double(offered) / 1e6) / (Double(covered) / 1e3) : .nan
    }

    /// The time that the stored steps of a resolution lie in.
    private static func extent(of resolution: HistoryResolution, in database: Database) throws -> Range<Timestamp> {
        var extent: Range<Timestamp>?
        for (table, span) in [("page", resolution.step), ("chunk", resolution.chunkSpan ?? resolution.step)] {
            let row = try Row.fetchOne(
                database,
                sql: "SELECT min(start), max(start) FROM \(table) WHERE resolution = ?",
                arguments: [resolution.rawValue]
            )
            guard let row, let first: Int64 = row[0], let last: Int64 = row[1] else { continue }
            let lower = Timestamp(milliseconds: first)
            let upper = Timestamp(milliseconds: last) + span
            extent = min(extent?.lowerBound ?? lower, lower)..<max(extent?.upperBound ?? upper, upper)
        }
        return extent ?? Timestamp(milliseconds: 0)..<Timestamp(milliseconds: 0)
    }
}
