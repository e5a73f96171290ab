// Compares two sides under concurrent writes. Pure: it is told sums and rows, and says what to look at again.
//
// Buckets of equal sums are equal. A bucket may be unequal only because changes are on their way, so unequal ones are
// compared again after a token. In a bucket that is never quiet the rows are compared one by one:
//   1. A's rows, then a token that B has applied, then B's rows, then A's rows again;
//   2. a row that A had both times (same content, same inserting transaction) and B had not is a suspect;
//   3. a row that B has and A had neither time is a suspect;
//   4. a suspect of two such rounds is a divergence: what is on its way has arrived in between.

/// Count and XOR of the hashes of one bucket's rows.
struct BucketSum: Hashable {
    let count: Int
    let hash: Int64
}

/// A row as the comparison sees it.
struct RowHash: Hashable {
    let content: Int64
    /// The transaction that wrote this version; comparable on one instance only.
    let writer: String
}

enum Divergence {
    /// The buckets that differ; one missing on a side has no rows there.
    static func unequal(_ a: [Int: BucketSum], _ b: [Int: BucketSum]) -> [Int] {
        Set(a.keys).union(b.keys).filter { a[$0] != b[$0] }.sorted()
    }

    /// The contents that one round cannot explain.
    static func suspects(before: [RowHash], target: [RowHash], after: [RowHash]) -> Set<Int64> {
        let stable = Set(before).intersection(after).map(\.content)
        let known = Set((before + after).map(\.content))
        let present = Set(target.map(\.content))
        return Set(stable.filter { !present.contains($0) }).union(present.subtracting(known))
    }
}
