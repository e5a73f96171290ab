import ClusterModel
import Foundation
import LocalPostgres
import PostgresClient
import Testing

@testable import ContingentPool

/// What one call of a script that does this ends with.
private func failure(
    of operation: CommandOperation = .start, _ script: String, limit: Duration = .seconds(600)
) async throws -> String {
    var message = ""
    try await withDirectory { directory in
        var configuration = CommandProvider.Configuration(try CommandScript(script, in: directory).command)
        configuration.limits.start = limit
        configuration.limits.grace = .milliseconds(100)
        let provider = CommandProvider(configuration)
        let error = await #expect(throws: PoolError.self) {
            switch operation {
            case .start: _ = try await provider.start("contingent-1")
            case .stop: try await provider.stop("contingent-1")
            case .remove: try await provider.remove("contingent-1")
            case .provision, .wipe, .check: Issue.record("needs a server")
            }
        }
        #expect(error?.code == .command)
        message = error?.message ?? ""
    }
    return message
}

private func answer(_ output: String) throws -> Endpoint {
    try CommandAnswer(Array(output.utf8)).endpoint(environment: ["PW": "secret", "NONE": ""])
}

@Suite struct CommandProviderTests {
    // MARK: What there is

    @Test func instancesAreSpreadOverTheZones() {
        let provider = CommandProvider(CommandProvider.Configuration(["x"], instancesMax: 3))
        #expect((1...4).map { provider.terms(of: InstanceID("contingent-\($0)"))?.zone } == ["a", "b", "a", nil])
        #expect(provider.candidate(besides: ["contingent-1"]) == "contingent-2")
        #expect(provider.candidate(besides: ["contingent-1", "contingent-2", "contingent-3"]) == nil)
    }

    // MARK: The contract

    @Test func aRequestIsOneLineOfJSON() throws {
        let request = CommandRequest(operation: .provision, instance: "c-1", zone: "eu/\"a\"", limit: .seconds(900))
        #expect(
            String(decoding: try request.line(), as: UTF8.self)
                == #"{"deadline_seconds":900,"instance":"c-1","operation":"provision","version":1,"zone":"eu/\"a\""}"#
                + "\n")
    }

    private static let place = #""host": "h", "port": 5432, "database": "d", "user": "u""#

    @Test(arguments: [
        (place, nil), (place + #", "password": "p w""#, "p w"), (place + #", "password_env": "PW""#, "secret"),
        (place + #", "password": null, "version": [1, {"of": "another"}]"#, nil),
    ])
    func anAnswerIsAnEndpoint(fields: String, password: String?) throws {
        let endpoint = try answer("\n {\(fields)}\n")
        #expect(endpoint == Endpoint(host: "h", port: 5432, database: "d", user: "u", password: password))
    }

    @Test(arguments: [
        ("", "it printed nothing"), (" \n", "it printed nothing"), ("{}", "`host` is missing"),
        ("ready", "not one JSON object"), ("[1]", "not one JSON object"), ("7", "not one JSON object"),
        ("{\(place)} {}", "not one JSON object"), ("{\(place)", "not one JSON object"), ("\0", "not one JSON object"),
        (String(repeating: "[", count: 100_000), "not one JSON object"),
        (String(repeating: #"{"a":"#, count: 100_000), "not one JSON object"),
        (#"{"host": 1, "port": 2}"#, "`host` must be text"), (#"{"host": ""}"#, "`host` must be text"),
        (place.replacing("5432", with: #""5432""#), "`port` must be"), (place.replacing("5432", with: "0"), "`port`"),
        (place.replacing("5432", with: "1e99"), "`port` must be"), (place.replacing("5432", with: "1.5"), "`port`"),
        (place.replacing("5432", with: "true"), "`port` must be"), (place.replacing("5432", with: "null"), "`port`"),
        (place + #", "password": 12345"#, "`password` must be text"),
        (place + #", "password": "hush", "password_env": "PW""#, "not both"),
        (place + #", "password_env": "HUSH""#, "`password_env` names a variable"),
    ])
    func aWrongAnswerIsRefusedAndNotRepeated(output: String, message: String) {
        let output = output.hasPrefix(#""host""#) ? "{\(output)}" : output
        #expect {
            try answer(output)
        } throws: { error in
            guard let flaw = error as? CommandAnswer.Flaw else { return false }
            return flaw.sentence.contains(message)
                && !["hush", "12345", "HUSH", "secret"].contains { flaw.sentence.contains($0) }
        }
    }

    @Test func errorsShowTheLastLinesWithoutControlCharacters() {
        let lines = (1...30).map { "\u{1B}[31mline \($0)\r" }.joined(separator: "\n")
        let shown = CommandComplaint.lastLines(of: Array(lines.utf8) + [0xFF, 0x00])
        #expect(shown.split(separator: "\n").count == 10)
        #expect(shown.hasPrefix("[31mline 21\n[31mline 22") && shown.hasSuffix("line 30\u{FFFD}"))
        #expect(CommandComplaint.lastLines(of: Array(repeating: 65, count: 100_000)).count == 2000)
    }

    // MARK: Calls

    @Test func everyOperationIsTold() async throws {
        try await withDirectory { directory in
            let script = try CommandScript(
                "[ $operation != start ] || echo '{\(Self.place)}'", in: directory)
            let provider = CommandProvider(CommandProvider.Configuration(script.command))
            _ = try await provider.start("contingent-2")
            try await provider.stop("contingent-2")
            try await provider.remove("contingent-2")
            #expect(script.operations() == ["start", "stop", "remove"].map { "\($0) contingent-2" })
            #expect(script.requests().allSatisfy { $0.contains(#""zone":"b""#) && $0.contains(#""version":1"#) })
            #expect(script.requests()[0].contains(#""deadline_seconds":300,"#))
            await #expect(throws: PoolError.self) { try await provider.remove("contingent-3") }
        }
    }

    @Test func aFailureSaysWhatTheCommandSaid() async throws {
        let message = try await failure(of: .remove, "echo '{\"password\": \"hush\"}'; echo quota exceeded >&2; exit 4")
        #expect(message == "`remove` of contingent-1: /bin/bash ended with exit code 4: quota exceeded")
    }

    @Test(arguments: [CommandOperation.stop, .remove])
    func whatIsNoJSONIsRefused(operation: CommandOperation) async throws {
        let message = try await failure(of: operation, "echo done; echo the log >&2")
        #expect(message.contains("answered wrongly: its standard output (5 bytes) is not one JSON object"))
    }

    @Test func outputWithoutEndIsRefused() async throws {
        let message = try await failure("yes")
        #expect(message.contains("wrote more than 1048576 bytes") && message.contains("standard error"))
    }

    @Test func aCommandThatTakesTooLongIsEnded() async throws {
        let message = try await failure("sleep 3600", limit: .milliseconds(100))
        #expect(message.contains("took longer than 0.1 seconds") && message.contains("pool.timeouts.start"))
    }

    @Test(arguments: ["/nonexistent/provider.sh", "no-such-program"])
    func aMissingProgramIsNamedWithoutItsArguments(program: String) async throws {
        let provider = CommandProvider(CommandProvider.Configuration([program, "--token=hush"]))
        let error = await #expect(throws: PoolError.self) { try await provider.start("contingent-1") }
        #expect(error?.message.contains("could not start \(program): No such file or directory") == true)
        #expect(error?.message.contains("pool.command") == true && error?.message.contains("hush") == false)
    }

    @Test func cancellationEndsEverythingButAStop() async throws {
        try await withDirectory { directory in
            let script = try CommandScript(
                "[ $operation = stop ] || exec sleep 3600; sleep 0.1; touch stopped", in: directory)
            let provider = CommandProvider(CommandProvider.Configuration(script.command))
            let running = Task {
                await #expect(throws: CancellationError.self) { try await provider.remove("contingent-1") }
                try await provider.stop("contingent-1")
            }
            while script.requests().isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            running.cancel()
            try await running.value
            #expect(FileManager.default.fileExists(atPath: directory + "/stopped"))
        }
    }

    @Test func theCommandHasOurEnvironment() async throws {
        try await withDirectory { directory in
            let script = try CommandScript("printenv FORESHARD_TEST > seen", in: directory)
            var configuration = CommandProvider.Configuration(script.command)
            configuration.environment["FORESHARD_TEST"] = "yes"
            try await CommandProvider(configuration).remove("contingent-1")
            #expect(script.lines("seen") == ["yes"])
        }
    }
}
