/// Work that needs to be done once, whoever asks first: all who ask while it is under way wait for the same attempt and
/// get its error. Who asks after a failure begins a new one.
actor SharedAttempt {
    private var underWay: Task<Void, any Error>?

    /// A caller that is cancelled does not cancel the attempt: others may be waiting for it.
    func run(_ body: @escaping @Sendable () async throws -> Void) async throws {
        if let underWay { return try await underWay.value }
        let attempt = Task { try await body() }
        underWay = attempt
        defer { underWay = nil }
        try await attempt.value
    }
}
