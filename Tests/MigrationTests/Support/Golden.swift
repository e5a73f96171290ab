// Golden files: what a pure function printed once and somebody read. FORESHARD_REWRITE_GOLDEN=1 writes them anew.
import Foundation
import Testing

func expectGolden(_ name: String, _ text: String, at location: SourceLocation = #_sourceLocation) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = folder.appendingPathComponent("Golden").appendingPathComponent(name)
    if ProcessInfo.processInfo.environment["FORESHARD_REWRITE_GOLDEN"] != nil {
        try text.write(to: file, atomically: true, encoding: .utf8)
    }
    let golden = try String(contentsOf: file, encoding: .utf8)
    #expect(text == golden, "differs from \(name)", sourceLocation: location)
}
