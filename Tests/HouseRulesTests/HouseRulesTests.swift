// The rules of the house, as a test: what a target may import, how long a file may get, what a name may not be.
import Foundation
import Testing

private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

private struct SourceFile {
    let path: String
    let target: String
    let text: String
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    static let all: [SourceFile] = {
        let sources = root.appendingPathComponent("Sources").path
        let paths = FileManager.default.enumerator(atPath: sources)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(".swift") }.sorted().compactMap { path in
            FileManager.default.contents(atPath: sources + "/" + path).map {
                SourceFile(
                    path: path, target: String(path.split(separator: "/")[0]), text: String(decoding: $0, as: UTF8.self))
            }
        }
    }()
}

@Suite struct HouseRulesTests {
    /// Targets without sockets, files, logging or clocks, and the modules that they may import.
    private static let pure: [String: Set<String>] = [
        "ClusterModel": [],
        "WireProtocol": ["NIOCore", "Crypto"],
        "SQLAnalysis": ["ClusterModel", "CPgQuery", "Foundation"],
        "Routing": ["ClusterModel", "SQLAnalysis"],
        "Forecasting": ["ClusterModel", "CLinearAlgebra"],
        "Planning": ["ClusterModel"],
        "Simulation": ["ClusterModel", "Planning"],
    ]

    @Test func pureTargetsImportNoIO() {
        for file in SourceFile.all {
            guard let allowed = Self.pure[file.target] else { continue }
            for line in file.lines where line.hasPrefix("import ") {
                let module = String(line.dropFirst("import ".count))
                #expect(allowed.contains(module), "\(file.path) imports \(module)")
            }
        }
    }

    @Test func filesStayReadable() {
        for file in SourceFile.all {
            #expect(file.lines.count <= 600, "\(file.path) has \(file.lines.count) lines")
        }
    }

    @Test func namesSayWhatThingsAre() {
        let banned = ["Manager", "Helper", "Util", "Common", "Misc", "Impl", "New", "V2", "Base"]
        for file in SourceFile.all {
            let name = (file.path as NSString).lastPathComponent
            for word in banned {
                #expect(!name.contains("\(word).swift") && !name.contains("\(word)s.swift"), "\(file.path)")
            }
        }
    }

    @Test func nothingIsLeftForLater() {
        for file in SourceFile.all {
            for mark in ["TODO", "FIXME", "XXX", "fatalError("] {
                #expect(!file.text.contains(mark), "\(file.path) has \(mark)")
            }
        }
    }

    @Test func peersAreNeverTrusted() {
        for file in SourceFile.all where !["foreshard", "Demonstration"].contains(file.target) {
            #expect(!file.text.contains("try!"), "\(file.path) has try!")
            #expect(!file.text.contains(" as! "), "\(file.path) has as!")
        }
    }
}
