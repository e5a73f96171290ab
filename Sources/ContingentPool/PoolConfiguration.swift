import ClusterModel

/// The limits of a pool.
package struct PoolConfiguration: Hashable, Sendable {
    /// Members that shall be warm and held by nobody.
    package var warmFloor = WarmFloor(1)
    /// Members in all, quarantined ones included.
    package var membersMax = 4
    /// Health checks in a row that may fail before a member is quarantined.
    package var failedChecksMax = 3
    /// Between two rounds of upkeep and health checks.
    package var upkeepInterval = Duration.seconds(5)

    /// What may be lent to others; nothing, unless told otherwise.
    package var lending = LendingRules()

    package init() {}
}
