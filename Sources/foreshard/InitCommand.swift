import Admin
import ArgumentParser
import ClusterModel
import Foundation
import Migration
import Settings

struct Init: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a commented configuration, and check that the instances it names are fit.",
        discussion: """
            The first call writes the file for you to fill in. Every further call reads it and asks each instance: \
            version, wal_level, slots, privileges, and for each table of a group whether its rows can be moved. What \
            is wrong is listed with the statement that mends it.
            """)

    @Option(name: .shortAndLong, help: "The configuration to write, or to check.")
    var config = "foreshard.yaml"

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        guard FileManager.default.fileExists(atPath: config) else {
            guard FileManager.default.createFile(
                atPath: config, contents: Data(ConfigurationTemplate.text.utf8), attributes: [.posixPermissions: 0o600])
            else { throw AdminError("cannot write \(config): is the directory writable?") }
            print("wrote \(config). Fill in your instances and tables, then run `foreshard init` again to check them.")
            return
        }
        let findings = await check(try readConfiguration(config))
        try show(findings)
        if !findings.isEmpty { throw ExitCode(1) }
    }

    private struct Finding: Codable {
        var instance: String
        var problem: String
        var mend: String
    }

    private func check(_ configuration: Configuration) async -> [Finding] {
        var findings: [Finding] = []
        for instance in (configuration.instances + configuration.pool.fixedInstances).map(\.instance) {
            // A server of the pool gets its tables when it is warmed.
            for group in configuration.groups.map(\.group) where instance.role == .home {
                do {
                    findings += try await InstanceCheck.problems(of: instance, group: group).map {
                        Finding(instance: $0.instance.text, problem: $0.what, mend: $0.mend)
                    }
                } catch {
                    findings.append(
                        Finding(instance: instance.id.text, problem: "\(error)", mend: "start it, or correct its entry"))
                    break
                }
            }
        }
        return findings
    }

    private func show(_ findings: [Finding]) throws {
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(findings), as: UTF8.self))
        } else if findings.isEmpty {
            print("every instance is fit: start with `foreshard serve --config \(config)`")
        } else {
            for finding in findings { print("\(finding.instance): \(finding.problem)\n    mend: \(finding.mend)") }
        }
    }
}
