// A real PostgreSQL server in a temporary folder, on loopback. It ends with this process, however that ends: the kernel
// sends it a signal when the thread that started it dies.
import ClusterModel
import Foundation
import PostgresClient
import Synchronization

struct PostgresServer: Sendable {
    let port: Int

    private static let binaries = "/usr/lib/postgresql/15/bin"
    private static let folders = Mutex<[String]>([])

    static func start() async throws -> PostgresServer {
        let folder = NSTemporaryDirectory() + "foreshard-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        if geteuid() == 0 { try await run("/bin/chown", ["postgres", folder]) }
        let data = folder + "/data"
        try await run(
            "/usr/bin/setpriv",
            asOwner + ["\(binaries)/initdb", "-D", data, "-A", "trust", "-U", "postgres", "-N"]
        )
        let port = try freePort()
        launch(["\(binaries)/postgres", "-D", data] + settings(port).flatMap { ["-c", "\($0.key)=\($0.value)"] })
        folders.withLock { folders in
            if folders.isEmpty { atexit { PostgresServer.removeFolders() } }
            folders.append(folder)
        }
        let server = PostgresServer(port: port)
        for _ in 0..<500 {
            if let connection = try? await PostgresConnection.connect(to: server.endpoint("postgres")) {
                await connection.close()
                return server
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw ConnectionError(.unreachable, endpoint: server.endpoint("postgres"), "the test server did not start")
    }

    func endpoint(_ database: String) -> Endpoint {
        Endpoint(host: "127.0.0.1", port: port, database: database, user: "postgres", password: nil)
    }

    private static func settings(_ port: Int) -> [String: String] {
        [
            "port": "\(port)", "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "wal_level": "logical",
            "fsync": "off", "max_replication_slots": "20", "max_wal_senders": "20", "max_worker_processes": "20",
            "max_logical_replication_workers": "12", "wal_retrieve_retry_interval": "100ms", "shared_buffers": "32MB",
            "logging_collector": "off", "log_min_messages": "fatal",
        ]
    }

    private static var asOwner: [String] {
        let identity = geteuid() == 0 ? ["--reuid=postgres", "--regid=postgres", "--clear-groups"] : []
        return ["--pdeathsig", "INT"] + identity
    }

    /// The signal comes when the starting thread ends, so that thread stays.
    private static func launch(_ command: [String]) {
        let arguments = asOwner + command
        Thread.detachNewThread {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
            process.arguments = arguments
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try? process.run()
            process.waitUntilExit()
        }
    }

    private static func run(_ program: String, _ arguments: [String]) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    }

    private static func removeFolders() {
        for folder in folders.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: folder) }
    }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
            }
        }
        guard bound else { throw CocoaError(.fileReadUnknown) }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
