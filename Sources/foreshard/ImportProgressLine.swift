import Foundation
import LogImport

/// One line on the terminal that is written over; nothing where nobody looks.
final class ImportProgressLine {
    private static let interval = Duration.milliseconds(250)

    private let isShown = isatty(FileHandle.standardError.fileDescriptor) == 1
    private let start = ContinuousClock.now
    private var last = ContinuousClock.now
    private var isThere = false

    func show(_ progress: ImportProgress) {
        let now = ContinuousClock.now
        guard isShown, now - last >= Self.interval else { return }
        last = now
        let seconds = (now - start).inSeconds
        let megabytes = Double(progress.bytes) / 1e6
        let share = progress.fileBytes > 0 ? Double(progress.fileBytesRead) / Double(progress.fileBytes) : 1
        let left = share > 0 ? seconds * (1 - share) / share : .nan
        write(
            "\(percent(share))  \(number(megabytes, digits: 0)) MB  \(number(megabytes / seconds, digits: 0)) MB/s  "
                + "\(progress.lines) lines  \(number(left, digits: 0)) s left  \(progress.path)")
        isThere = true
    }

    func clear() {
        guard isThere else { return }
        write("")
        isThere = false
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data("\r\u{1B}[K\(text)".utf8)) }
}
