// The three formats of one server's log tell the same.
import ClusterModel
import Foundation
import Routing
import Testing

@testable import LogImport

@Suite struct FormatTests {
    @Test(arguments: ["work", "separate", "prefixes", "explain"])
    func allFormatsTellTheSame(name: String) throws {
        let prefix = name == "prefixes" ? LogImportOptions.allEscapes : nil
        let csv = try imported([Sample.path("\(name).csv")])
        let json = try imported([Sample.path("\(name).json")])
        let text = try imported([Sample.path("\(name).log")], prefix: prefix)
        #expect(csv.report.counted.statements > 0)
        #expect(csv.report.malformed.isEmpty && json.report.malformed.isEmpty && text.report.malformed.isEmpty)
        for other in [json, text] {
            #expect(other.report.counted.statements == csv.report.counted.statements)
            #expect(other.report.errors == csv.report.errors)
            #expect(other.report.leftOut.mapValues(\.count) == csv.report.leftOut.mapValues(\.count))
            #expect(other.report.unsharded == csv.report.unsharded)
            // That log's prefix has whole seconds: the time between a statement's line and its error's is not told.
            guard name != "separate" || other.report.files[0].path.hasSuffix("json") else { continue }
            #expect(other.usage == csv.usage)
            #expect(other.report.counted == csv.report.counted)
        }
    }

    @Test func statementsCountWhereTheirKeysAre() throws {
        let table = try QueryRoutingTable.example()
        let (usage, report) = try imported([Sample.path("work.csv")])
        let sum = total(usage)
        let slow = try #require(sum[table.shop(99)])
        #expect(slow.busySeconds > 0.030 && slow.offeredSeconds == slow.busySeconds)
        #expect(report.errors == 2, "the division by zero and the unknown column have a key")
        #expect(sum.values.reduce(0) { $0 + $1.errors } == 2)
        #expect(sum.values.reduce(0) { $0 + $1.statements } == report.counted.statements)
        #expect(report.leftOut["SQL that PostgreSQL 15's grammar rejects"]?.count == 1)
        #expect(report.withoutDuration == 3, "failed statements have no duration")
    }

    @Test func durationsOnLinesOfTheirOwnFindTheirStatements() throws {
        let (usage, report) = try imported([Sample.path("separate.csv")])
        #expect(report.strayDurations == 0)
        #expect(report.withoutDuration == 1, "SQL that fails to parse is never begun")
        #expect(total(usage).values.reduce(0) { $0 + $1.busySeconds } > 0.030)
    }

    @Test func plansAreNotCountedTwice() throws {
        let (_, report) = try imported([Sample.path("explain.csv")])
        #expect(report.plans > 0)
        let spent = report.counted.seconds
        #expect(spent > 0.030 && spent < 0.1)
    }
}
