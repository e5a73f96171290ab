// An instance whose standby the pool makes: what is known of that standby besides what every standby has.
import ClusterModel
import ContingentPool
import Settings
import Takeover

extension TakeoverService {
    struct Pooled {
        let settings: PoolStandbySettings
        var watch: StandbyWatch
        /// It is becoming the standby, or is being started.
        var making: InstanceID?
        /// Why there is none, and none is being made.
        var complaint: String?
        /// The home's commits wait for this one, by our order.
        var confirming: InstanceID?
        /// Why they do not, although they should.
        var obstacle: String?
        /// The router could log in to this one.
        var admitting: InstanceID?

        /// Times the silence after which an instance is dead: a standby that is of no use for so long is made anew.
        private static let patience = 3

        init(_ settings: PoolStandbySettings, _ takeover: TakeoverSettings) {
            self.settings = settings
            watch = StandbyWatch(patience: takeover.after * Self.patience)
        }
    }
}
