// Days of the whole control plane with faults: campaign DAYS [FIRST_SEED]
import Campaign
import Foundation

@main struct CampaignBenchmark {
    static func main() async {
        let arguments = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
        let (days, first) = (arguments.first ?? 1000, arguments.dropFirst().first ?? 1)
        let begin = ContinuousClock.now
        let processors = UInt64(max(1, ProcessInfo.processInfo.activeProcessorCount))
        let total = await withTaskGroup(of: CampaignOutcome.self) { group in
            for lane in 0..<processors {
                group.addTask {
                    var sum = CampaignOutcome()
                    for seed in stride(from: first + lane, to: first + days, by: Int(processors)) {
                        sum += CampaignWorld.outcome(of: CampaignDay(seed: seed))
                        if lane == 0, (seed - first) % 1000 == 0 { progress(seed - first, of: days, sum) }
                    }
                    return sum
                }
            }
            var sum = CampaignOutcome()
            for await lane in group { sum += lane }
            return sum
        }
        let seconds = begin.duration(to: .now) / .seconds(1)
        print("days \(days), seeds \(first) to \(first + days - 1), \(Int(seconds)) s")
        for (name, value) in total.counts { print("\(name) \(value)") }
        print("broken invariants \(total.broken.count)")
        for sentence in total.broken { print("  \(sentence)") }
        exit(total.broken.isEmpty ? 0 : 1)
    }

    private static func progress(_ done: UInt64, of days: UInt64, _ sum: CampaignOutcome) {
        let line = "\r\(done) of \(days) days, \(sum.broken.count) broken invariants  "
        FileHandle.standardError.write(Data(line.utf8))
    }
}
