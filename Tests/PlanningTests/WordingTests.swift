import ClusterModel
import Testing

@testable import Planning

struct WordingTests {
    static let now = Timestamp("1998-06-30T21:45:00Z") ?? Timestamp(seconds: 0)

    @Test(
        arguments: [
            ("1998-06-30T23:59:00Z", "23:59Z"), ("1998-06-30T00:00:00Z", "00:00Z"),
            ("1998-07-01T00:15:00Z", "1998-07-01 00:15Z"), ("1998-06-29T21:45:00Z", "1998-06-29 21:45Z"),
        ]
    )
    func timesNameTheirZoneAndTheDayWhenItIsAnother(moment: String, words: String) throws {
        #expect(Wording.clock(try #require(Timestamp(moment)), seenAt: Self.now) == words)
    }

    @Test func plansSpeakOfTomorrowByItsDate() throws {
        var cluster = ClusterBuilder()
        cluster.now = try #require(Timestamp("2026-03-01T23:45:00Z"))
        cluster.add("s1") { $0 < 30 ? 20 : 50 }
        cluster.add("s2") { $0 < 30 ? 20 : 50 }
        var controller = ShardingController(configuration: .test())
        let sentences = controller.plan(cluster.snapshot).actions.map(\.record.sentence)
        #expect(!sentences.isEmpty && sentences.allSatisfy { $0.contains("from 2026-03-02 00:15Z,") }, "\(sentences)")
    }
}
