import ClusterModel

/// What a prefix said, as places in its line.
struct PrefixMatch {
    var time: Range<Int>?
    /// `%n`: seconds since 1970 with three decimals.
    var epoch: Range<Int>?
    var process: Range<Int>?
    var session: Range<Int>?
    var database: Range<Int>?
    var severity = 0..<0
    /// After `SEVERITY:  `.
    var message = 0
}

extension LinePrefix {
    /// Tries for one line; more is left to nobody's log.
    private static let stepsMax = 4000
    private static let severityBytesMax = 10

    /// Nil when the line does not begin with this prefix and a severity.
    func match(_ line: UnsafeRawBufferPointer) -> PrefixMatch? {
        var match = PrefixMatch()
        var steps = 0
        return matches(line, at: 0, part: 0, &match, &steps) ? match : nil
    }

    private func matches(
        _ line: UnsafeRawBufferPointer, at index: Int, part: Int, _ match: inout PrefixMatch, _ steps: inout Int
    ) -> Bool {
        steps += 1
        guard steps <= Self.stepsMax else { return false }
        guard part < parts.count else { return severity(line, at: index, &match) }
        switch parts[part] {
        case .literal(let bytes):
            guard index + bytes.count <= line.count else { return false }
            for (offset, byte) in bytes.enumerated() where line[index + offset] != byte { return false }
            return matches(line, at: index + bytes.count, part: part + 1, &match, &steps)
        case .sessionsOnly:
            // The longer reading first: `%q` at the end of a session's line reads the same both ways.
            let saved = match
            if matches(line, at: index, part: part + 1, &match, &steps) { return true }
            match = saved
            return severity(line, at: index, &match)
        case .escape(let escape): return matches(escape, line, at: index, part: part, &match, &steps)
        }
    }

    private func matches(
        _ escape: Escape, _ line: UnsafeRawBufferPointer, at index: Int, part: Int, _ match: inout PrefixMatch,
        _ steps: inout Int
    ) -> Bool {
        // Padding on the left belongs to nobody.
        var start = index
        while escape != .text, escape != .database, line.hasByte(.blank, at: start) { start += 1 }
        guard let form = Self.end(of: escape, line, from: start) else {
            return matchesText(escape, line, from: index, part: part, &match, &steps)
        }
        Self.note(escape, start..<form, &match)
        if matches(line, at: form, part: part + 1, &match, &steps) { return true }
        // Padding on the right.
        var padded = form
        while line.hasByte(.blank, at: padded) {
            padded += 1
            if matches(line, at: padded, part: part + 1, &match, &steps) { return true }
        }
        return false
    }

    private func matchesText(
        _ escape: Escape, _ line: UnsafeRawBufferPointer, from index: Int, part: Int, _ match: inout PrefixMatch,
        _ steps: inout Int
    ) -> Bool {
        guard escape == .text || escape == .database || escape == .number || escape == .sessionStart else {
            return false
        }
        var end = line.count
        if escape == .number || escape == .sessionStart {
            // What has no number or time prints nothing, or blanks.
            end = index
            while line.hasByte(.blank, at: end) { end += 1 }
        }
        var last = index
        while last <= end {
            // What follows is often plain text: only where that is can the name end.
            if let next = firstByte(ofPart: part + 1) {
                guard let place = line.place(of: next, from: last), place <= end else { return false }
                last = place
            }
            Self.note(escape, index..<last, &match)
            if matches(line, at: last, part: part + 1, &match, &steps) { return true }
            guard steps <= Self.stepsMax else { return false }
            last += 1
        }
        return false
    }

    private func firstByte(ofPart part: Int) -> UInt8? {
        guard part < parts.count, case .literal(let bytes) = parts[part] else { return nil }
        return bytes.first
    }

    private static func note(_ escape: Escape, _ range: Range<Int>, _ match: inout PrefixMatch) {
        switch escape {
        case .time: match.time = range
        case .epoch: match.epoch = range
        case .process: match.process = range
        case .session: match.session = range
        case .database: match.database = range
        case .number, .sessionStart, .state, .text: break
        }
    }

    /// Where an escape of a fixed form ends; nil when it has none, or is not there.
    private static func end(of escape: Escape, _ line: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var index = start
        switch escape {
        case .time, .sessionStart: return endOfTime(line, from: start)
        case .epoch:
            skip(line, &index) { $0.isDecimal || $0 == UInt8(ascii: ".") }
        case .process: skip(line, &index) { $0.isDecimal }
        case .number:
            if line.hasByte(UInt8(ascii: "-"), at: index) { index += 1 }
            skip(line, &index) { $0.isDecimal }
        case .session: skip(line, &index) { $0.isDecimal || ($0 | 0x20) &- 0x61 < 6 || $0 == UInt8(ascii: ".") }
        case .state: skip(line, &index) { $0.isDecimal || $0 &- 0x41 < 26 }
        case .database, .text: return nil
        }
        return index > start ? index : nil
    }

    @inline(__always)
    private static func skip(_ line: UnsafeRawBufferPointer, _ index: inout Int, _ belongs: (UInt8) -> Bool) {
        while index < line.count, belongs(line[index]) { index += 1 }
    }

    /// `2026-11-23 08:00:00[.123] CET`
    private static func endOfTime(_ line: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard line.count - start > 20, line[start + 4] == UInt8(ascii: "-"), line[start + 10] == .blank,
            line[start + 13] == UInt8(ascii: ":"), line[start + 16] == UInt8(ascii: ":"), line[start].isDecimal
        else { return nil }
        var index = start + 19
        if line[index] == UInt8(ascii: ".") { index += 4 }
        guard line.hasByte(.blank, at: index) else { return nil }
        index += 1
        let zone = index
        skip(line, &index) { ($0 | 0x20) &- 0x61 < 26 }
        if index == zone {
            // `+02`, `-0330`.
            index += 1
            skip(line, &index) { $0.isDecimal }
        }
        return index > zone && index <= line.count ? index : nil
    }

    /// `LOG:  ` and the like.
    private func severity(_ line: UnsafeRawBufferPointer, at index: Int, _ match: inout PrefixMatch) -> Bool {
        var end = index
        while end < line.count, end - index <= Self.severityBytesMax, line[end] &- 0x41 < 26 || line[end].isDecimal {
            end += 1
        }
        guard end > index, line.begins(with: ":  ", at: end) else { return false }
        match.severity = index..<end
        match.message = end + 3
        return true
    }
}
