import ClusterModel
import LogImport

extension ImportReport {
    /// What an import did, for people.
    func text(isDryRun: Bool) -> String {
        var parts = [summary(isDryRun: isDryRun)]
        if !files.isEmpty { parts.append(fileTable) }
        if !segments.isEmpty { parts.append(segmentTable) }
        if !leftOut.isEmpty || !malformed.isEmpty || unreadableDurations.count > 0 { parts.append(findings) }
        return parts.joined(separator: "\n\n")
    }

    private func summary(isDryRun: Bool) -> String {
        var lines = [
            "\(isDryRun ? "dry run, nothing is stored: " : "")\(entries) entries in \(lines) lines, "
                + "\(number(Double(bytes) / 1e6, digits: 1)) MB"
                + (earliest.flatMap { first in latest.map { ", from \(first) to \($0)" } } ?? ""),
            "\(counted.statements) statements counted, \(number(counted.seconds, digits: 3)) s, \(errors) errors",
        ]
        if entries > 0, counted.statements + unsharded.statements + pending == 0, leftOut.isEmpty {
            lines.append(
                "no statement was found. Does the server log them (log_min_duration_statement = 0), and in English "
                    + "(lc_messages = 'C')?")
        }
        if unsharded.statements > 0 {
            lines.append(
                "\(unsharded.statements) statements touch no sharded table, \(number(unsharded.seconds, digits: 3)) s: "
                    + "no segment's load")
        }
        if withoutDuration > 0 {
            lines.append("\(withoutDuration) statements have no duration in the log: they count, without time")
        }
        if pending > 0 { lines.append("\(pending) statements wait for their duration: they count when it comes") }
        if strayDurations > 0 {
            lines.append(
                "\(strayDurations) durations of \(number(straySeconds, digits: 3)) s are of no known statement: set "
                    + "log_min_duration_statement, or log_statement = all")
        }
        if plans > 0 { lines.append("\(plans) plans of auto_explain passed over: their statements count") }
        if otherDatabases > 0 { lines.append("\(otherDatabases) entries are of other databases") }
        if asides > 0 {
            lines.append("\(asides) entries are about no statement, or a part of one that counts elsewhere")
        }
        if !isDryRun {
            lines.append(
                "history: \(stored.added) records added, \(stored.leftAlone) left alone (the router measured then), "
                    + "\(stored.tooLate) older than what is kept")
        }
        return lines.joined(separator: "\n")
    }

    private var fileTable: String {
        var table = TextTable("LOG", "MB", "")
        for file in files { table.add(file.path, number(Double(file.bytes) / 1e6, digits: 1), file.note) }
        return table.text
    }

    private var segmentTable: String {
        var table = TextTable("SEGMENT", "STATEMENTS", "SECONDS")
        for (segment, use) in segments.sorted(by: { $0.key < $1.key }) {
            table.add(segment.text, "\(use.statements)", number(use.seconds, digits: 3))
        }
        return table.text
    }

    private var findings: String {
        var table = TextTable("LEFT OUT", "COUNT", "SECONDS", "FOR EXAMPLE")
        for (reason, finding) in leftOut.sorted(by: { ($1.value.count, $0.key) < ($0.value.count, $1.key) }) {
            table.add(reason, "\(finding.count)", number(finding.seconds, digits: 3), finding.shownSamples)
        }
        for (reason, finding) in malformed.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            table.add(reason.rawValue, "\(finding.count)", "-", finding.shownSamples)
        }
        if unreadableDurations.count > 0 {
            table.add(
                "a duration that cannot be read", "\(unreadableDurations.count)", "-", unreadableDurations.shownSamples)
        }
        return table.text
    }
}

extension ImportReport.Finding {
    fileprivate var shownSamples: String { samples.joined(separator: ", ") }
}
