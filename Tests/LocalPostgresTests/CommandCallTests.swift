import Foundation
import Testing

@testable import LocalPostgres

private func call(
    _ script: String, input: String = "", mark: String = "none", within limits: CommandCall.Limits = .init(time: .hour)
) async throws -> CommandCall.Outcome {
    try await CommandCall(
        ["/bin/bash", "-c", script, "bash"], environment: ["PATH": "/usr/bin:/bin", "MARK": mark]
    ).run(input: Array(input.utf8), within: limits)
}

extension Duration {
    fileprivate static var hour: Duration { .seconds(3600) }
}

/// The processes that were started, directly or not, with this mark in their environment.
private func processes(marked mark: String) -> [String] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.filter { pid in
        guard Int(pid) != nil, let data = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else {
            return false
        }
        return data.split(separator: 0).contains(Data("MARK=\(mark)".utf8))
    }
}

/// Killed processes are gone soon, not at once.
private func waitUntilGone(marked mark: String) async throws {
    while !processes(marked: mark).isEmpty { try await Task.sleep(for: .milliseconds(5)) }
}

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

@Suite struct CommandCallTests {
    @Test func aTextGoesInAndATextComesOut() async throws {
        let outcome = try await call("cat; echo why >&2; exit 3", input: "hello")
        #expect(outcome.ending == .ended(.exited(3)))
        #expect(text(outcome.output) == "hello" && text(outcome.errors) == "why\n")
    }

    @Test func aSignalIsAnEndToo() async throws {
        #expect(try await call("kill -USR1 $$").ending == .ended(.signalled(SIGUSR1)))
    }

    /// More than any pipe holds.
    private static let long = String(repeating: "0123456789", count: 300_000)

    @Test func aProgramReadsWhenItLikes() async throws {
        let outcome = try await call("sleep 0.2; head -c 5 >/dev/null; sleep 0.2; cat | wc -c", input: Self.long)
        #expect(outcome.ending == .ended(.exited(0)) && text(outcome.output) == "2999995\n")
    }

    @Test func aProgramNeedNotRead() async throws {
        #expect(try await call("exec 0<&-; exit 0", input: Self.long).ending == .ended(.exited(0)))
    }

    @Test func callsDoNotGetInEachOthersWay() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<60 {
                group.addTask {
                    let outcome = try await call("cat; echo $$ >&2", input: "\(number)")
                    #expect(text(outcome.output) == "\(number)" && outcome.ending == .ended(.exited(0)))
                }
            }
            try await group.waitForAll()
        }
    }

    @Test(arguments: [(0, true), (1 << 20, true), ((1 << 20) + 1, false), (1 << 26, false)])
    func outputIsBounded(bytes: Int, isAllowed: Bool) async throws {
        let outcome = try await call("head -c \(bytes) /dev/zero")
        #expect(outcome.ending == (isAllowed ? .ended(.exited(0)) : .abandoned(.tooMuchOutput)))
        #expect(outcome.output.count == min(bytes, 1 << 20))
    }

    @Test func endlessOutputEndsTheProgramAndAllOfItsChildren() async throws {
        let mark = UUID().uuidString
        let outcome = try await call("yes & yes | cat & yes", mark: mark)
        #expect(outcome.ending == .abandoned(.tooMuchOutput))
        try await waitUntilGone(marked: mark)
    }

    @Test func theEndOfTheErrorsIsKept() async throws {
        let outcome = try await call("head -c 5000000 /dev/zero >&2; echo the end >&2; exit 1")
        #expect(outcome.errors.count == 8 << 10 && text(outcome.errors).hasSuffix("the end\n"))
    }

    /// What is in the background has our output open, and goes on.
    @Test func theBackgroundHoldsNobodyUp() async throws {
        let outcome = try await call("sleep 3600 & echo $!")
        #expect(outcome.ending == .ended(.exited(0)))
        let pid = try #require(Int32(text(outcome.output).trimmingCharacters(in: .newlines)))
        #expect(kill(pid, SIGKILL) == 0)
    }

    private static let family = """
        trap 'echo undone >&2; exit 1' TERM
        sleep 3600 &
        bash -c 'trap "" TERM; echo ready >&2; while true; do sleep 3600; done' &
        wait
        """

    /// A limit that is long enough for the family to gather, whatever the machine is doing.
    @Test func whenTimeIsUpTheWholeFamilyEnds() async throws {
        let mark = UUID().uuidString
        for milliseconds in [250, 1000, 4000, 16_000, 64_000] {
            var limits = CommandCall.Limits(time: .milliseconds(milliseconds))
            limits.grace = .milliseconds(100)
            let outcome = try await call(Self.family, mark: mark, within: limits)
            #expect(outcome.ending == .abandoned(.outOfTime))
            try await waitUntilGone(marked: mark)
            if text(outcome.errors).contains("ready") { return }
        }
        Issue.record("the family never gathered")
    }

    @Test func aProgramIsAskedBeforeItIsKilled() async throws {
        var limits = CommandCall.Limits(time: .hour)
        limits.outputBytesMax = 3
        limits.grace = .hour
        let outcome = try await call(
            "trap 'echo undone >&2; exit 0' TERM; echo four; while true; do sleep 0.01; done", within: limits)
        #expect(outcome.ending == .abandoned(.tooMuchOutput) && text(outcome.errors).hasSuffix("undone\n"))
    }

    @Test func cancellationEndsTheFamily() async throws {
        let mark = UUID().uuidString
        let ready = FileManager.default.temporaryDirectory.path + "/foreshard-ready-\(mark)"
        defer { try? FileManager.default.removeItem(atPath: ready) }
        let running = Task {
            var limits = CommandCall.Limits(time: .hour)
            limits.grace = .milliseconds(100)
            return try await call(
                "bash -c 'trap \"\" TERM; echo >\(ready); while true; do sleep 3600; done' & sleep 3600",
                mark: mark, within: limits)
        }
        while !FileManager.default.fileExists(atPath: ready) { try await Task.sleep(for: .milliseconds(5)) }
        running.cancel()
        #expect(try await running.value.ending == .abandoned(.cancelled))
        try await waitUntilGone(marked: mark)
    }

    @Test func whatIsCancelledBeforeItBeginsEndsToo() async throws {
        let running = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await call("exec sleep 3600")
        }
        running.cancel()
        #expect(try await running.value.ending == .abandoned(.cancelled))
    }

    @Test(arguments: ["/nonexistent/program", "no-such-program-in-path", "/etc/hostname", "/tmp"])
    func whatCannotBeStartedIsNamed(program: String) async throws {
        let error = await #expect(throws: LocalPostgresError.self) {
            _ = try await CommandCall([program], environment: [:]).run(input: [], within: .init(time: .hour))
        }
        #expect(error?.message.hasPrefix("could not start \(program): ") == true)
    }

    @Test func aProgramIsFoundInThePath() async throws {
        let outcome = try await CommandCall(["cat"], environment: [:]).run(input: [65], within: .init(time: .hour))
        #expect(outcome.output == [65])
    }
}
