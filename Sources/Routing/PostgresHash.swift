// PostgreSQL's extended hash functions, bit for bit: the position of a key on the ring is what the server itself
// computes in a row filter or an index. Source: PostgreSQL 15 src/common/hashfn.c (hash_bytes_extended,
// hash_bytes_uint32_extended; Bob Jenkins' lookup3) and src/backend/access/hash/hashfunc.c. The values are those of
// little-endian servers, which all supported platforms are.

package enum PostgresHash {
    /// `hashint8extended`; equal to `hashint4extended` and `hashint2extended` for values that those types hold.
    package static func int8(_ value: Int64, seed: Int64 = 0) -> Int64 {
        let bits = UInt64(bitPattern: value)
        let low = UInt32(truncatingIfNeeded: bits)
        let high = UInt32(truncatingIfNeeded: bits >> 32)
        return uint32(low ^ (value >= 0 ? high : ~high), seed: seed)
    }

    /// `hashtextextended` of a text with a deterministic collation.
    package static func text(_ value: String, seed: Int64 = 0) -> Int64 {
        var value = value
        return value.withUTF8 { bytes(UnsafeRawBufferPointer($0), seed: seed) }
    }

    /// `uuid_hash_extended` of a UUID's 16 bytes in network order.
    package static func uuid(_ value: (high: UInt64, low: UInt64), seed: Int64 = 0) -> Int64 {
        withUnsafeBytes(of: (value.high.bigEndian, value.low.bigEndian)) { bytes($0, seed: seed) }
    }

    /// `hash_any_extended`.
    package static func bytes(_ key: UnsafeRawBufferPointer, seed: Int64 = 0) -> Int64 {
        var state = State(length: key.count, seed: seed)
        var offset = 0
        while key.count - offset >= 12 {
            state.a &+= UInt32(littleEndian: key.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            state.b &+= UInt32(littleEndian: key.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
            state.c &+= UInt32(littleEndian: key.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self))
            state.mix()
            offset += 12
        }
        for index in offset..<key.count { state.addTail(key[index], at: index - offset) }
        return state.finish()
    }

    private static func uint32(_ key: UInt32, seed: Int64) -> Int64 {
        var state = State(length: 4, seed: seed)
        state.a &+= key
        return state.finish()
    }
}

private struct State {
    var a: UInt32
    var b: UInt32
    var c: UInt32

    init(length: Int, seed: Int64) {
        let start = 0x9E37_79B9 &+ UInt32(truncatingIfNeeded: length) &+ 3_923_095
        (a, b, c) = (start, start, start)
        guard seed != 0 else { return }
        let bits = UInt64(bitPattern: seed)
        a &+= UInt32(truncatingIfNeeded: bits >> 32)
        b &+= UInt32(truncatingIfNeeded: bits)
        mix()
    }

    /// One of the last eleven bytes. The lowest byte of `c` is the length's.
    mutating func addTail(_ byte: UInt8, at index: Int) {
        let value = UInt32(byte)
        switch index {
        case 0..<4: a &+= value << (UInt32(index) * 8)
        case 4..<8: b &+= value << (UInt32(index - 4) * 8)
        default: c &+= value << (UInt32(index - 8) * 8 + 8)
        }
    }

    mutating func mix() {
        a &-= c
        a ^= c.rotated(by: 4)
        c &+= b
        b &-= a
        b ^= a.rotated(by: 6)
        a &+= c
        c &-= b
        c ^= b.rotated(by: 8)
        b &+= a
        a &-= c
        a ^= c.rotated(by: 16)
        c &+= b
        b &-= a
        b ^= a.rotated(by: 19)
        a &+= c
        c &-= b
        c ^= b.rotated(by: 4)
        b &+= a
    }

    mutating func finish() -> Int64 {
        c ^= b
        c &-= b.rotated(by: 14)
        a ^= c
        a &-= c.rotated(by: 11)
        b ^= a
        b &-= a.rotated(by: 25)
        c ^= b
        c &-= b.rotated(by: 16)
        a ^= c
        a &-= c.rotated(by: 4)
        b ^= a
        b &-= a.rotated(by: 14)
        c ^= b
        c &-= b.rotated(by: 24)
        return Int64(bitPattern: UInt64(b) << 32 | UInt64(c))
    }
}

extension UInt32 {
    @inline(__always)
    fileprivate func rotated(by count: UInt32) -> UInt32 { self << count | self >> (32 - count) }
}
