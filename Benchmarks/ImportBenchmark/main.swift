// How fast a log is read on one core. Makes a log in each format, of statements by an online shop, and reads it into
// memory; prints megabytes a second of processor time, as `name bytes seconds`, for scripts/bench_import to set beside
// pgBadger's on the same file.

import ClusterModel
import Foundation
import LogImport
import Routing

let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
    print("usage: ImportBenchmark make csvlog|jsonlog|stderr FILE MEGABYTES\n       ImportBenchmark read FILE [TIMES]")
    exit(2)
}

switch arguments[1] {
case "make":
    guard arguments.count == 5, let format = LogFormat(rawValue: arguments[2]), let megabytes = Int(arguments[4]) else {
        print("make needs a format, a file and its megabytes")
        exit(2)
    }
    try ShopLog(format: format).write(to: arguments[3], bytes: megabytes << 20)
case "read":
    let times = arguments.count > 3 ? Int(arguments[3]) ?? 1 : 1
    for _ in 0..<times { try read(arguments[2]) }
default:
    print("unknown: \(arguments[1])")
    exit(2)
}

private func read(_ path: String) throws {
    let start = processorTime()
    let sink = UsageInMemory(keepsUsage: false)
    var importer = LogImporter(table: try ShopLog.table(), options: LogImportOptions(), sink: sink)
    try importer.run(paths: [path])
    let seconds = processorTime() - start
    let report = importer.report
    let rate = Double(report.bytes) / 1e6 / seconds
    print(
        "\(report.bytes) bytes  \(report.counted.statements) statements  \((seconds * 1000).rounded() / 1000) s  "
            + "\((rate * 10).rounded() / 10) MB/s  \(residentMegabytes()) MB resident at most")
}

/// The process's own time in seconds: other processes do not count.
private func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

private func residentMegabytes() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss >> 10
}
