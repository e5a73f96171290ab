import Testing

@testable import Migration

@Suite struct DivergenceTests {
    private func row(_ content: Int64, by writer: String = "1") -> RowHash { RowHash(content: content, writer: writer) }

    @Test("A bucket that only one side has is unequal")
    func buckets() {
        let a = [1: BucketSum(count: 1, hash: 5), 2: BucketSum(count: 2, hash: 6), 3: BucketSum(count: 1, hash: 1)]
        let b = [1: BucketSum(count: 1, hash: 5), 2: BucketSum(count: 2, hash: 7), 4: BucketSum(count: 1, hash: 1)]
        #expect(Divergence.unequal(a, b) == [2, 3, 4])
        #expect(Divergence.unequal(a, a).isEmpty)
    }

    @Test("A row that stayed on the source must be on the target")
    func missing() {
        #expect(
            Divergence.suspects(before: [row(1), row(2)], target: [row(1, by: "9")], after: [row(1), row(2)]) == [2]
        )
    }

    @Test("A row that changed in between proves nothing")
    func changed() {
        #expect(Divergence.suspects(before: [row(1)], target: [row(2)], after: [row(2, by: "2")]).isEmpty)
        #expect(
            Divergence.suspects(before: [row(1)], target: [row(1)], after: [row(1, by: "2")]).isEmpty,
            "rewritten with the same content"
        )
        #expect(
            Divergence.suspects(before: [row(1)], target: [], after: [row(1, by: "2")]).isEmpty,
            "deleted and inserted again"
        )
    }

    @Test("A row that the source never had is a suspect")
    func surplus() {
        #expect(Divergence.suspects(before: [row(1)], target: [row(1), row(7)], after: [row(1)]) == [7])
    }
}
