// Looking at bytes where they lie. Nothing here allocates; all of it stays inside of the buffer it is given.
#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension UnsafeRawBufferPointer {
    static var none: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

    /// The place of a byte at or after `start`; nil when there is none.
    @inline(__always)
    func place(of byte: UInt8, from start: Int = 0) -> Int? {
        guard start < count, let base = baseAddress, let found = memchr(base + start, Int32(byte), count - start) else {
            return nil
        }
        return base.distance(to: UnsafeRawPointer(found))
    }

    @inline(__always)
    func part(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[start..<end])
    }

    /// From `start` on; nothing where `start` is past the end.
    @inline(__always)
    func rest(from start: Int) -> UnsafeRawBufferPointer { start < count ? part(start, count) : .none }

    @inline(__always)
    func begins(with text: StaticString, at start: Int = 0) -> Bool {
        guard count - start >= text.utf8CodeUnitCount, let base = baseAddress else { return false }
        return memcmp(base + start, text.utf8Start, text.utf8CodeUnitCount) == 0
    }

    func equals(_ text: StaticString) -> Bool { count == text.utf8CodeUnitCount && begins(with: text) }

    func equals(_ bytes: [UInt8]) -> Bool { count == bytes.count && elementsEqual(bytes) }

    /// The number that the digits from `start` to `end` write; nil when one is no digit or there are none or too many.
    @inline(__always)
    func number(_ start: Int, _ end: Int) -> Int64? {
        guard start < end, end <= count, end - start <= 18 else { return nil }
        var value: Int64 = 0
        for index in start..<end {
            let digit = self[index] &- 0x30
            guard digit < 10 else { return nil }
            value = value * 10 + Int64(digit)
        }
        return value
    }

    @inline(__always)
    func hasByte(_ byte: UInt8, at index: Int) -> Bool { index < count && self[index] == byte }

    func count(of byte: UInt8) -> Int {
        var found = 0
        var index = 0
        while let place = place(of: byte, from: index) {
            found += 1
            index = place + 1
        }
        return found
    }

    /// FNV-1a (Fowler, Noll, Vo), a byte at a time: the same on every machine, since it is stored.
    func storedHash(seed: UInt64 = 0xCBF2_9CE4_8422_2325) -> UInt64 {
        var hash = seed
        for byte in self { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return hash
    }

    /// For people, with what is no UTF-8 replaced.
    var text: String { String(decoding: self, as: UTF8.self) }
}

extension UInt8 {
    static let newline = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let quote = UInt8(ascii: "\"")
    static let apostrophe = UInt8(ascii: "'")
    static let backslash = UInt8(ascii: "\\")
    static let comma = UInt8(ascii: ",")
    static let tab = UInt8(ascii: "\t")
    static let blank = UInt8(ascii: " ")

    var isDecimal: Bool { self &- 0x30 < 10 }
}

/// Bytes that were written anew (unescaped, or joined from lines). They hold until the next writing.
final class Scratch {
    private var storage = UnsafeMutableRawBufferPointer.allocate(byteCount: 1024, alignment: 1)
    private(set) var count = 0

    deinit { storage.deallocate() }

    func clear() { count = 0 }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: storage[0..<count]) }

    func append(_ part: UnsafeRawBufferPointer) {
        reserve(part.count)
        guard let source = part.baseAddress, let target = storage.baseAddress else { return }
        memcpy(target + count, source, part.count)
        count += part.count
    }

    func append(_ byte: UInt8) {
        reserve(1)
        storage[count] = byte
        count += 1
    }

    private func reserve(_ more: Int) {
        guard count + more > storage.count else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(2 * storage.count, count + more), alignment: 1)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[0..<count]))
        storage.deallocate()
        storage = larger
    }
}
