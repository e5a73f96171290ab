import Foundation
import Synchronization
import Testing

@testable import LocalPostgres

@Suite struct CommandTests {
    @Test func whatAProgramComplainsAboutIsNotItsOutput() async throws {
        #expect(try await Command(["/bin/sh", "-c", "echo out; echo err >&2"]).run() == "out\n")
        let error = await #expect(throws: LocalPostgresError.self) {
            try await Command(["/bin/sh", "-c", "echo secret; echo err >&2; exit 3"]).run()
        }
        #expect(error?.message == "/bin/sh ended with exit code 3: err\n")
    }

    @Test func aProgramReadsWhatItIsGiven() async throws {
        #expect(try await Command(["/bin/cat"], input: "{\"a\": 1}").run() == "{\"a\": 1}")
        #expect(try await Command(["/bin/cat"]).run() == "")
    }

    @Test func outputIsInAFileWithoutAName() throws {
        let file = try NamelessFile()
        var facts = stat()
        #expect(fstat(file.descriptor, &facts) == 0)
        #expect(facts.st_nlink == 0 && facts.st_mode & 0o777 == 0o600)
    }

    // Without the kill these would last ten minutes.
    @Test func aProgramEndsWithItsTask() async throws {
        let running = Task { try await Command(["/bin/sh", "-c", "/bin/sleep 600; true"]).run() }
        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
    }

    @Test func aProgramThatTakesTooLongIsKilled() async throws {
        let error = await #expect(throws: LocalPostgresError.self) {
            try await Command(["/bin/sleep", "600"]).run(within: .milliseconds(1))
        }
        #expect(error?.message.contains("was killed, not having ended within 0.001 seconds") == true)
    }
}

@Suite struct SharedAttemptTests {
    private struct Counts {
        var begun = 0
        var underWay = 0
    }

    @Test func oneAttemptIsUnderWayAtATimeAndAFailureIsFollowedByAnother() async throws {
        let attempt = SharedAttempt()
        let counts = Mutex(Counts())
        let body: @Sendable () async throws -> Void = {
            let isFirst = counts.withLock { counts in
                counts.begun += 1
                counts.underWay += 1
                #expect(counts.underWay == 1)
                return counts.begun == 1
            }
            await Task.yield()
            counts.withLock { $0.underWay -= 1 }
            if isFirst { throw LocalPostgresError(.commandFailed, "the first") }
        }
        await withDiscardingTaskGroup { group in
            for _ in 0..<100 { group.addTask { try? await attempt.run(body) } }
        }
        try await attempt.run(body)
        #expect(counts.withLock { $0.begun } >= 2)
    }

    @Test func theErrorIsTheCallers() async throws {
        let error = await #expect(throws: LocalPostgresError.self) {
            try await SharedAttempt().run { throw LocalPostgresError(.commandFailed, "why") }
        }
        #expect(error?.message == "why")
    }
}
