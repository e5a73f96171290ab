import Testing

@testable import LocalPostgres

@Suite struct ParsingTests {
    @Test func readsPostmasterFiles() {
        let starting = "11835\n/tmp/d\n1795374894\n54999\n\nlocalhost\n 16220998         4\nstarting\n"
        #expect(PostmasterFile(contents: starting)?.isReady == false)
        let ready = PostmasterFile(contents: starting.replacing("starting", with: "ready   "))
        #expect(ready?.isReady == true && ready?.pid == 11835 && ready?.port == 54999)
        #expect(PostmasterFile(contents: "11835\n")?.isReady == false)
        #expect(PostmasterFile(contents: "") == nil)
        #expect(PostmasterFile(contents: "x\n") == nil)
    }

    @Test func readsTheStartTimeBehindAnyProgramName() {
        let fields = (4...52).map(String.init).joined(separator: " ")
        #expect(ProcessIdentity.startTicks(inStat: "7 (a) b) (c)) S \(fields)") == 22)
        #expect(ProcessIdentity.startTicks(inStat: "7 (postgres) Z \(fields)") == nil)
        #expect(ProcessIdentity.startTicks(inStat: "7 (postgres") == nil)
    }

    @Test(arguments: [
        ("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)", 15), ("postgres (PostgreSQL) 17beta1", 17),
        ("nonsense", nil),
    ])
    func readsTheVersion(banner: String, version: Int?) {
        #expect(PostgresInstallation.majorVersion(inBanner: banner) == version)
    }

    @Test func exitStatusesAreTold() {
        #expect(ExitStatus(waitStatus: 0) == .exited(0))
        #expect(ExitStatus(waitStatus: 0x100) == .exited(1))
        #expect(ExitStatus(waitStatus: 9) == .signalled(9))
    }

    @Test func missingInstallationsAreExplained() async {
        let error = await #expect(throws: LocalPostgresError.self) {
            try await PostgresInstallation.find(environment: ["FORESHARD_PG_BIN": "/nowhere"])
        }
        #expect(error?.code == .noInstallation)
    }

    @Test func quotesSettings() {
        var settings = ServerSettings()
        settings.additional = ["log_line_prefix": "it's ", "max_connections": "5"]
        let text = settings.configuration(port: 7)
        #expect(text.contains("log_line_prefix = 'it''s '\n") && text.contains("max_connections = '5'\n"))
    }
}
