import ClusterModel
import Takeover
import Testing

@Suite struct StandbyWatchTests {
    private let primary = PrimaryState(position: LSN(9), system: "1", confirmsByStandby: false)

    private func sighting(_ second: Int64, _ standby: StandbySight, _ primary: PrimarySight? = nil) -> Sighting {
        Sighting(
            at: .seconds(second), primary: primary ?? .answered(self.primary), routerHeardIt: false, standby: standby)
    }

    private func standby(_ isStreaming: Bool, system: String = "1", isInRecovery: Bool = true) -> StandbySight {
        .seen(StandbyState(isInRecovery: isInRecovery, system: system, isStreaming: isStreaming, received: LSN(8)))
    }

    @Test func oneThatFollowsIsWell() {
        var watch = StandbyWatch(patience: .seconds(30))
        for second in 0..<100 { #expect(watch.looked(sighting(Int64(second), standby(true))) == .well) }
    }

    @Test func oneThatIsOfNoUseForLongIsLost() {
        for useless in [
            standby(false), .unreachable("refused"), standby(true, system: "2"), standby(true, isInRecovery: false),
        ] {
            var watch = StandbyWatch(patience: .seconds(30))
            for second in [0, 10, 29] as [Int64] {
                guard case .ailing = watch.looked(sighting(second, useless)) else {
                    Issue.record("\(useless) at \(second)")
                    continue
                }
            }
            guard case .lost(let reason) = watch.looked(sighting(30, useless)) else {
                Issue.record("\(useless)")
                continue
            }
            #expect(reason.hasSuffix("for 30.0 s"))
        }
    }

    @Test func oneThatComesBackBeginsAnew() {
        var watch = StandbyWatch(patience: .seconds(30))
        _ = watch.looked(sighting(0, standby(false)))
        #expect(watch.looked(sighting(20, standby(true))) == .well)
        #expect(watch.looked(sighting(40, standby(false))) == .ailing("it does not stream"))
        #expect(watch.looked(sighting(69, standby(false))) == .ailing("it does not stream"))
        watch.paused()
        #expect(watch.looked(sighting(71, standby(false))) == .ailing("it does not stream"))
    }

    /// It may be all that is left.
    @Test func withoutItsInstanceNothingIsLost() {
        var watch = StandbyWatch(patience: .seconds(30))
        _ = watch.looked(sighting(0, standby(false)))
        for second in [10, 40, 100] as [Int64] {
            #expect(watch.looked(sighting(second, .unreachable("dead"), .silent("dead"))) == .unknown)
            #expect(watch.looked(sighting(second + 1, standby(false), .refused("53300"))) == .unknown)
        }
        #expect(watch.looked(sighting(110, standby(false))) == .ailing("it does not stream"))
    }
}
