import ClusterModel
import Forecasting
import Traces

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
