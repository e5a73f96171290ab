import ClusterModel
import Forecasting
import Testing

@testable import Settings

/// Time zones by name, held against changes of the clock that are known from elsewhere.
@Suite struct ZoneOffsetsTests {
    @Test(arguments: [
        ("Europe/Berlin", "2026-03-29T00:59:59Z", 1.0), ("Europe/Berlin", "2026-03-29T01:00:00Z", 2),
        ("Europe/Berlin", "2026-10-25T00:59:59Z", 2), ("Europe/Berlin", "2026-10-25T01:00:00Z", 1),
        ("America/New_York", "2018-03-11T06:59:59Z", -5), ("America/New_York", "2018-03-11T07:00:00Z", -4),
        ("Australia/Lord_Howe", "2026-01-01T00:00:00Z", 11), ("Australia/Lord_Howe", "2026-07-01T00:00:00Z", 10.5),
        ("Asia/Kolkata", "2026-07-01T00:00:00Z", 5.5), ("Europe/Moscow", "2012-01-01T00:00:00Z", 4),
        ("Europe/Moscow", "2015-01-01T00:00:00Z", 3), ("UTC", "2026-07-01T00:00:00Z", 0),
    ]) func offsetsAreThoseOfTheZone(name: String, time: String, hours: Double) throws {
        let zone = try #require(ZoneOffsets(named: name))
        let time = try #require(Timestamp(time))
        #expect(zone.offset(at: time) == .milliseconds(Int64(hours * 3_600_000)))
    }

    @Test(arguments: ["Berlin", "", "Europe/Atlantis"]) func anUnknownNameIsNone(name: String) {
        #expect(ZoneOffsets(named: name) == nil)
    }
}
