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
            version, wal_level, slots, privileges, and at the homes for each table of a group whether its rows can be \
            moved. What is wrong is listed with the statement that mends it. A server of the pool must be empty: \
            `foreshard serve` refuses one that is not before it uses it.
            """)

    @Option(name: .shortAndLong, help: "The configuration to write, or to check.")
    var config = "foreshard.yaml"

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        guard FileManager.default.fileExists(atPath: config) else {
            guard
                FileManager.default.createFile(
                    atPath: config, contents: Data(ConfigurationTemplate.text.utf8),
                    attributes: [.posixPermissions: 0o600])
            else { throw AdminError("cannot write \(config): is the directory writable?") }
            print("wrote \(config). Fill in your instances and tables, then run `foreshard init` again to check them.")
            return
        }
        let findings = await check(try readConfiguration(config, withPasswords: true))
        try show(findings)
        if !findings.isEmpty { throw ExitCode(1) }
    }

    private struct Finding: Codable {
        var instance: String
        var problem: String
        var mend: String
    }

    private func check(_ configuration: Configuration) async -> [Finding] {
        let groups = configuration.groups.map(\.group)
        var findings: [Finding] = []
        for instance in (configuration.instances + configuration.pool.fixedInstances).map(\.instance) {
            do {
                // What concerns the server as a whole is the same for each group.
                var seen: Set<MoveProblem> = []
                for problem in try await problems(of: instance, groups) where seen.insert(problem).inserted {
                    findings.append(
                        Finding(instance: problem.instance.text, problem: problem.what, mend: problem.mend))
                }
            } catch {
                findings.append(
                    Finding(instance: instance.id.text, problem: "\(error)", mend: "start it, or correct its entry"))
            }
        }
        return findings
    }

    private func problems(of instance: Instance, _ groups: [ShardGroup]) async throws -> [MoveProblem] {
        switch instance.role {
        case .contingent: return try await PoolServerCheck.problems(of: instance)
        case .home:
            var found: [MoveProblem] = []
            for group in groups { found += try await InstanceCheck.problems(of: instance, group: group) }
            return found
        }
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
