import ClusterModel
import Testing

@testable import ControlPlane

@Suite struct HomeConfirmationTests {
    /// What a person wrote is never taken for Foreshard's.
    @Test(arguments: [
        ("", nil), ("\"contingent-1\"", "contingent-1"), ("FIRST 1 (\"contingent-2\")", "contingent-2"),
        ("\"contingent-9\"", nil), ("*", nil), ("standby_1", nil), ("\"contingent-1\", standby_1", nil),
        ("2 (\"contingent-1\", \"contingent-2\")", nil),
    ])
    func onlyOneMemberAloneIsOurs(text: String, member: String?) {
        let found = HomeConfirmation.member(in: text, of: ["contingent-1", "contingent-2"])
        #expect(found == member.map { InstanceID($0) })
    }
}
