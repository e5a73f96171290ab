// The home servers, filled once and copied for each policy, so that all three start from the same files.
import ClusterModel
import ControlPlane
import Foundation
import LocalPostgres
import PostgresClient
import Routing
import Workload

struct DemonstrationServers: Sendable {
    let stage: Stage
    let directory: String
    static let applicationRole = "shop"

    private var filled: String { directory + "/filled" }

    func homeName(_ number: Int) -> String { Self.homeName(number) }
    static func homeNames(_ stage: Stage) -> [String] { (1...stage.homes).map(homeName) }
    private static func homeName(_ number: Int) -> String { "home-\(number)" }

    /// Makes the servers and fills each with the rows of the segments that live there.
    func fill(_ placement: [InstanceID: [Segment]]) async throws {
        let cluster = try await LocalCluster(directory: filled, settings: Self.settings)
        try await cluster.prepareTemplate()
        try await withThrowingTaskGroup { group in
            for number in 1...stage.homes {
                let name = homeName(number)
                let arcs = (placement[InstanceID(name)] ?? []).map(\.arc)
                group.addTask { try await fill(try cluster.server(name), arcs) }
            }
            try await group.waitForAll()
        }
    }

    private func fill(_ server: LocalServer, _ arcs: [HashArc]) async throws {
        try await server.provision()
        let endpoint = try await server.start()
        let connection = try await PostgresConnection.connect(to: endpoint)
        try await connection.query("CREATE ROLE \(Self.applicationRole) LOGIN")
        try await connection.query(Shop.schemaSQL)
        try await connection.query(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO \(Self.applicationRole)")
        for sql in stage.shop.fillSQL(arcs: arcs) { try await connection.query(sql) }
        try await connection.query("CHECKPOINT")
        await connection.close()
        try await server.stop()
    }

    /// Where a replay's servers are.
    func path(of replay: String) -> String { directory + "/" + replay }

    /// Copies the filled servers into a directory of their own; the template of contingent servers comes along, unless
    /// those are of another kind.
    func copy(for replay: String, withTemplate: Bool) async throws -> LocalCluster {
        let target = path(of: replay)
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        try await Self.run(["/bin/cp", "-a", "--reflink=auto", filled, target + "/homes"])
        try FileManager.default.createDirectory(atPath: target + "/data/contingent", withIntermediateDirectories: true)
        if withTemplate {
            let template = "/template.\(Self.settings.locale)"
            try await Self.run([
                "/bin/cp", "-a", "--reflink=auto", filled + template, target + "/data/contingent" + template,
            ])
        }
        return try await LocalCluster(directory: target + "/homes", settings: Self.settings)
    }

    /// A temporary directory for the servers' files.
    static func withDirectory<Outcome>(
        keepsFiles: Bool, _ screen: Screen, _ body: (_ directory: String) async throws -> Outcome
    ) async throws -> Outcome {
        let directory = FileManager.default.temporaryDirectory.path + "/foreshard-demo-\(getpid())"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        defer {
            if keepsFiles {
                screen.say("the servers' files are in \(directory)")
            } else {
                try? FileManager.default.removeItem(atPath: directory)
            }
        }
        return try await body(directory)
    }

    /// One disk plays the disks of four machines: nothing waits for it, and a crash of the machine ends the demonstration.
    static var settings: ServerSettings {
        var settings = ServerSettings()
        settings.isDurable = false
        settings.sharedBuffersMegabytes = 64
        return settings
    }

    private static func run(_ command: [String]) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw DemonstrationError("\(command.joined(separator: " ")) failed")
        }
    }
}
