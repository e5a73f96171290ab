import ClusterModel
import ContingentPool
import Foundation
import GRDB
import Glibc
import Testing

@testable import Catalog

@Suite struct CatalogFileTests {
    @Test func everyOpeningIsANewTerm() async throws {
        try await withTemporaryPath { path in
            for expected in 1...3 as ClosedRange<Int64> {
                let term = try CatalogStore(path: path).term
                #expect(term == expected)
            }
        }
    }

    @Test func twoCannotServeTheSameCatalog() async throws {
        try await withTemporaryPath { path in
            let first = try CatalogStore(path: path)
            let error = #expect(throws: CatalogError.self) { try CatalogStore(path: path) }
            #expect(error?.code == .inUse)
            #expect(error?.message.contains("process \(getpid()) already") == true)
            #expect(first.term == 1)
        }
    }

    /// What a child has of it between its fork and its exec, if another thread starts one just then.
    @Test func aCopyOfTheDescriptorDoesNotKeepTheLock() async throws {
        try await withTemporaryPath { path in
            var first: CatalogLock? = try CatalogLock(catalog: path)
            let copy = dup(try #require(first?.descriptor))
            defer { close(copy) }
            first = nil
            _ = try CatalogLock(catalog: path)
        }
    }

    @Test func otherPeoplesFilesAreRefusedUntouched() async throws {
        try await withTemporaryPath { path in
            let text = Data("not a database, but long enough to be looked at as if it were one\n".utf8)
            try text.write(to: URL(fileURLWithPath: path))
            #expect(throws: CatalogError.self) { try CatalogStore(path: path) }
            #expect(FileManager.default.contents(atPath: path) == text)
        }
        try await withTemporaryPath { path in
            try await DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE mine (n INTEGER)") }
            let error = #expect(throws: CatalogError.self) { try CatalogStore(path: path) }
            #expect(error?.code == .damaged)
        }
    }

    @Test func aDamagedCatalogIsNamedAsSuch() async throws {
        try await withTemporaryPath { path in
            try fill(path)
            // Everything but the header page becomes noise.
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            try file.seek(toOffset: 4096)
            try file.write(contentsOf: Data(repeating: 0xA5, count: 40960))
            try file.close()
            let error = #expect(throws: CatalogError.self) { try CatalogStore(path: path) }
            #expect(error?.code == .damaged)
        }
    }

    /// Opened and closed, with everything in the main file.
    private func fill(_ path: String) throws {
        let catalog = try CatalogStore(path: path)
        for index in 0..<200 { try catalog.append(AuditEntry(kind: "test", sentence: "entry \(index)")) }
        try catalog.database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
    }

    @Test func aNewerCatalogIsNotTouched() async throws {
        try await withTemporaryPath { path in
            try await CatalogStore(path: path).database.write {
                try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('99 of the future')")
            }
            let error = #expect(throws: CatalogError.self) { try CatalogStore(path: path) }
            #expect(error?.code == .fromTheFuture)
        }
    }

    @Test func theDirectoryHasToBeThere() async throws {
        let error = #expect(throws: CatalogError.self) { try CatalogStore(path: "/nowhere/catalog.sqlite") }
        #expect(error?.code == .unusable)
    }

    @Test func writesReachTheDiskAndOnlyTheOwnerReadsThem() async throws {
        try await withTemporaryPath { path in
            let catalog = try CatalogStore(path: path)
            let pragmas = try await catalog.database.read { db in
                try ["synchronous", "journal_mode", "foreign_keys"].map {
                    try String.fetchOne(db, sql: "PRAGMA \($0)")
                }
            }
            #expect(pragmas == ["2", "wal", "1"])
            for file in [path, path + "-wal", path + ".lock"] {
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
                #expect(mode == 0o600, "\(file)")
            }
        }
    }

    @Test func whatReturnedSurvivesAKill() async throws {
        let path = "/tmp/foreshard-kill-\(getpid()).sqlite"
        setenv("FORESHARD_TEST_CATALOG", path, 1)
        defer { for suffix in ["", "-wal", "-shm", ".lock"] { unlink(path + suffix) } }
        await #expect(processExitsWith: .signal(SIGKILL)) {
            let path = try #require(ProcessInfo.processInfo.environment["FORESHARD_TEST_CATALOG"])
            let catalog = try CatalogStore(path: path)
            for index in 0..<50 { try catalog.append(AuditEntry(kind: "test", sentence: "\(index)")) }
            try catalog.save(twoSegments(), replacing: nil)
            kill(getpid(), SIGKILL)
        }
        let catalog = try CatalogStore(path: path)
        #expect(catalog.term == 2)
        #expect(try catalog.audit().map(\.entry.sentence) == (0..<50).reversed().map(String.init))
        #expect(try catalog.routing() == twoSegments())
    }
}
