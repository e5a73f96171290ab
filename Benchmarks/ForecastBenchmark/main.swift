import ClusterModel
import Forecasting
import Foundation
import Traces

if CommandLine.arguments.dropFirst().first == "--scale" {
    let counts = CommandLine.arguments.dropFirst(2).compactMap { Int($0) }
    await ScaleTable.print(counts: counts.isEmpty ? [100, 1000, 10_000] : counts, width: 2)
    exit(0)
}
let arguments = CommandLine.arguments.dropFirst()
let tournament = try Tournament(folder: arguments.first ?? "Sources/Demonstration/Resources/worldcup98")
let otherDays = Array(arguments.dropFirst())

if otherDays.isEmpty {
    print(AccuracyTable(tournament, days: ["1998-06-29", "1998-06-30"]).text)
    print(PeakTable(tournament).text)
    print(NoiseTable(tournament).text)
    print(CostTable(tournament).text)
} else {
    print(AccuracyTable(tournament, days: otherDays).text)
}
