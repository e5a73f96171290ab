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

    /// The modules that the file imports, however: `@preconcurrency import A`, `package import B`, `import struct C.D`.
    var imports: [String] { lines.flatMap { $0.split(separator: ";").compactMap(importedModule) } }

    static let all: [SourceFile] = {
        let sources = root.appendingPathComponent("Sources").path
        let paths = FileManager.default.enumerator(atPath: sources)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(".swift") }.sorted().compactMap { path in
            FileManager.default.contents(atPath: sources + "/" + path).map {
                SourceFile(
                    path: path, target: String(path.split(separator: "/")[0]), text: String(decoding: $0, as: UTF8.self)
                )
            }
        }
    }()
}

private let accessLevels: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
private let importKinds: Set<Substring> = ["typealias", "struct", "class", "enum", "protocol", "let", "var", "func"]

/// Nil when the statement is no import.
private func importedModule(_ statement: Substring) -> String? {
    let words = statement.split { $0 == " " || $0 == "\t" }.drop { $0.hasPrefix("@") || accessLevels.contains($0) }
    guard words.first == "import" else { return nil }
    let name = words.dropFirst().first { !importKinds.contains($0) }
    return name?.split(separator: ".").first.map(String.init)
}

@Suite struct HouseRulesTests {
    @Test func theRulesHaveFilesToLookAt() {
        #expect(!SourceFile.all.isEmpty)
        for target in Self.pure.keys.sorted() {
            #expect(SourceFile.all.contains { $0.target == target }, "no file of \(target) was found")
        }
        #expect(SourceFile.all.allSatisfy { !$0.text.isEmpty })
    }

    @Test(arguments: [
        ("import NIOCore", "NIOCore"), ("  import NIOCore", "NIOCore"), ("@preconcurrency import NIOCore", "NIOCore"),
        ("@testable import Planning", "Planning"), ("package import Logging", "Logging"),
        ("@_spi(Testing) public import GRDB", "GRDB"), ("import struct Foundation.Data", "Foundation"),
        ("\timport Foundation // for Data", "Foundation"), ("private import class Dispatch.DispatchQueue", "Dispatch"),
    ])
    func seesEveryImport(line: String, module: String) {
        #expect(importedModule(Substring(line)) == module)
    }

    @Test(arguments: ["// import NIOCore", "let important = 1", "importLoads(history)", "func `import`() {}"])
    func seesNoImportWhereNoneIs(line: String) {
        #expect(importedModule(Substring(line)) == nil)
    }

    /// The C library, for its mathematics.
    private static let mathematics: Set<String> = ["Darwin", "Glibc"]

    /// Targets without sockets, files, logging or clocks, and the modules that they may import.
    private static let pure: [String: Set<String>] = [
        "ClusterModel": [],
        "WireProtocol": ["NIOCore", "Crypto"],
        "SQLAnalysis": ["ClusterModel", "CPgQuery", "Foundation"],
        "Routing": ["ClusterModel", "SQLAnalysis"],
        "Forecasting": mathematics.union(["ClusterModel", "CLBFGS", "CLinearAlgebra"]),
        "Planning": mathematics.union(["ClusterModel"]),
        "Takeover": ["ClusterModel"],
        "Simulation": mathematics.union(["ClusterModel", "Planning"]),
        "Backtest": mathematics.union(["ClusterModel", "Forecasting", "Planning", "Simulation"]),
    ]

    @Test func pureTargetsImportNoIO() {
        for file in SourceFile.all {
            guard let allowed = Self.pure[file.target] else { continue }
            for module in file.imports {
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
            for mark in ["TODO", "FIXME", "fatalError("] {
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
