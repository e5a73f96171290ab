// An authority and what it signed, made by openssl for one test.
import Foundation
import Glibc
import Testing

struct TestCertificates {
    let directory: String
    /// Of all keys, as openssl has it.
    let algorithm: [String]

    static let ellipticCurve = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    static let rsa = ["rsa:2048"]

    /// Makes an authority in a directory of its own.
    static func make(_ algorithm: [String] = ellipticCurve) async throws -> TestCertificates {
        let made = TestCertificates(
            directory: FileManager.default.temporaryDirectory.path + "/foreshard-tls-\(UUID().uuidString)",
            algorithm: algorithm)
        try FileManager.default.createDirectory(
            atPath: made.directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        try await made.openssl(
            ["req", "-x509", "-days", "2", "-subj", "/CN=authority"] + made.newKey("ca") + ["-out", made.ca])
        return made
    }

    var ca: String { directory + "/ca.crt" }
    func certificate(_ name: String) -> String { "\(directory)/\(name).crt" }
    func key(_ name: String) -> String { "\(directory)/\(name).key" }

    /// - Parameters:
    ///   - names: as in a certificate's subjectAltName.
    ///   - signature: how the authority signs, as openssl has it.
    func sign(
        _ name: String, for names: String = "DNS:localhost,IP:127.0.0.1", signature: [String] = ["-sha256"]
    ) async throws {
        let request = "\(directory)/\(name).csr"
        try await openssl(
            ["req", "-subj", "/CN=\(name)", "-addext", "subjectAltName=\(names)"] + newKey(name) + ["-out", request])
        try await openssl(
            [
                "x509", "-req", "-in", request, "-CA", ca, "-CAkey", key("ca"), "-CAcreateserial", "-days", "2",
                "-copy_extensions", "copy", "-out", certificate(name),
            ] + signature)
    }

    /// PostgreSQL reads only keys of its own account, which is another one when the tests run as root.
    func giveKeyToServers(_ name: String) async throws {
        guard geteuid() == 0 else { return }
        let result = try await runProgram("/usr/bin/env", ["chown", "postgres", key(name)])
        #expect(result.status == 0, "\(result.all)")
    }

    func remove() { try? FileManager.default.removeItem(atPath: directory) }

    private func newKey(_ name: String) -> [String] {
        ["-newkey"] + algorithm + ["-nodes", "-keyout", key(name)]
    }

    private func openssl(_ arguments: [String]) async throws {
        let result = try await runProgram("/usr/bin/openssl", arguments)
        try #require(result.status == 0, "openssl \(arguments): \(result.all)")
    }
}

/// Lends certificates: an authority, `server`, and what `body` signs.
func withCertificates(_ body: (TestCertificates) async throws -> Void) async throws {
    let certificates = try await TestCertificates.make()
    defer { certificates.remove() }
    try await certificates.sign("server")
    try await body(certificates)
}
