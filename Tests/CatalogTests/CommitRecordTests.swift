import ClusterModel
import Testing

@testable import Catalog

struct CommitRecordTests {
    @Test func decisionsAreThereAfterReopening() async throws {
        try await withTemporaryPath { path in
            let decisions = [
                CommitDecision(term: 1, number: 1, instances: ["home-1", "home-2"]),
                CommitDecision(term: 1, number: 2, instances: ["home-2", "contingent-1"]),
            ]
            var name = ""
            do {
                let catalog = try CatalogStore(path: path)
                name = try catalog.clusterName()
                #expect(name.count == 16 && name.allSatisfy(\.isHexDigit))
                try catalog.decide(decisions)
            }
            let catalog = try CatalogStore(path: path)
            #expect(try catalog.clusterName() == name)
            #expect(try catalog.decisions() == decisions)
            try catalog.forget([decisions[0]])
            #expect(try catalog.decisions() == [decisions[1]])
        }
    }

    @Test func aBatchIsWrittenWholeOrNotAtAll() async throws {
        try await withCatalog { catalog in
            let decision = CommitDecision(term: 1, number: 1, instances: ["a"])
            try catalog.decide([decision])
            #expect(throws: (any Error).self) {
                try catalog.decide([CommitDecision(term: 1, number: 2, instances: ["a"]), decision])
            }
            #expect(try catalog.decisions() == [decision])
        }
    }
}
