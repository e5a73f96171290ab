import Foundation

/// The file that a report is written to, as JSON with snake-case keys.
struct ReportFile {
    let path: String

    /// Finds out before the replays whether the report can be written after them. Leaves what is there as it is.
    ///
    /// - Throws: `DemonstrationError`.
    func check() throws(DemonstrationError) {
        let isNew = !FileManager.default.fileExists(atPath: path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw cannotWrite(String(cString: strerror(errno))) }
        close(descriptor)
        if isNew { unlink(path) }
    }

    /// - Throws: `DemonstrationError`.
    func write(_ report: some Encodable) throws(DemonstrationError) {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try encoder.encode(report).write(to: URL(fileURLWithPath: path))
        } catch {
            throw cannotWrite(error.localizedDescription)
        }
    }

    private func cannotWrite(_ reason: String) -> DemonstrationError {
        DemonstrationError("cannot write the report to \(path): \(reason)")
    }
}
