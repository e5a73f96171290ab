import CPgQuery

// Texts to values in a bounded number of bytes. Eviction is by clock: an entry that was used since the hand last
// passed is spared once. A hit compares the whole text, so that equal hashes can never mix two statements up.

struct BoundedCache<Value> {
    private struct Entry {
        let hash: UInt64
        let text: [UInt8]
        let value: Value
        let cost: Int
        var wasUsed: Bool
    }

    /// What an entry costs besides its text and its value.
    private static var entryOverhead: Int { 128 }

    private let bytesMax: Int
    private var entries: [Entry] = []
    private var places: [UInt64: Int] = [:]
    private var hand = 0
    private(set) var bytes = 0
    private(set) var evictions = 0

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    var count: Int { entries.count }

    mutating func value(for text: UnsafeBufferPointer<UInt8>, hash: UInt64) -> Value? {
        guard let place = places[hash], entries[place].text.hasBytes(of: text) else { return nil }
        entries[place].wasUsed = true
        return entries[place].value
    }

    /// Keeps the value if it takes at most an eighth of the cache. A text of equal hash is replaced.
    mutating func insert(_ value: Value, costing valueBytes: Int, for text: UnsafeBufferPointer<UInt8>, hash: UInt64) {
        let cost = text.count + valueBytes + Self.entryOverhead
        guard cost <= bytesMax / 8 else { return }
        if let place = places[hash] { remove(at: place) }
        while bytes + cost > bytesMax { evict() }
        places[hash] = entries.count
        entries.append(Entry(hash: hash, text: Array(text), value: value, cost: cost, wasUsed: false))
        bytes += cost
    }

    private mutating func evict() {
        while true {
            if hand >= entries.count { hand = 0 }
            guard entries[hand].wasUsed else { break }
            entries[hand].wasUsed = false
            hand += 1
        }
        remove(at: hand)
        evictions += 1
    }

    /// The last entry takes the place of the removed one.
    private mutating func remove(at place: Int) {
        bytes -= entries[place].cost
        places[entries[place].hash] = nil
        let last = entries.removeLast()
        guard place < entries.count else { return }
        entries[place] = last
        places[last.hash] = place
    }
}

extension [UInt8] {
    fileprivate func hasBytes(of other: UnsafeBufferPointer<UInt8>) -> Bool {
        guard count == other.count, let base = other.baseAddress else { return isEmpty && other.isEmpty }
        return withUnsafeBufferPointer { bytes_are_equal($0.baseAddress, base, other.count) }
    }
}

/// A fast hash for cache lookups, seeded so that clients cannot prepare collisions.
struct TextHasher {
    private let seed = UInt64.random(in: .min ... .max)

    func hash(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let raw = UnsafeRawBufferPointer(text)
        var state = seed ^ UInt64(truncatingIfNeeded: text.count)
        var offset = 0
        while offset + 8 <= raw.count {
            state = Self.mix(state ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < raw.count {
            rest = rest << 8 | UInt64(raw[offset])
            offset += 1
        }
        return Self.mix(state ^ rest)
    }

    /// Both halves of a 128-bit product, as wyhash mixes (Wang Yi, 2019).
    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        let product = (value ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low
    }
}
