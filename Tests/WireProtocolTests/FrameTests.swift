import ClusterModel
import NIOCore
import Testing

@testable import WireProtocol

private func bytes(_ write: (inout ByteBuffer) -> Void) -> ByteBuffer {
    var buffer = ByteBuffer()
    write(&buffer)
    return buffer
}

@Suite struct FrameTests {
    private let splitter = FrameSplitter(lengthMax: 1 << 20)

    @Test func goldenBytes() {
        #expect(
            Array(bytes { FrontendMessage.query("SELECT 1").write(into: &$0) }.readableBytesView)
                == [0x51, 0, 0, 0, 13] + Array("SELECT 1".utf8) + [0]
        )
        #expect(
            Array(bytes { BackendMessage.readyForQuery(.inTransaction).write(into: &$0) }.readableBytesView)
                == [0x5A, 0, 0, 0, 5, 0x54]
        )
        #expect(Array(bytes { FrontendMessage.sync.write(into: &$0) }.readableBytesView) == [0x53, 0, 0, 0, 4])
    }

    @Test func waitsForWholeFramesHoweverTheyArrive() throws {
        let stream = bytes {
            FrontendMessage.query("SELECT 1").write(into: &$0)
            FrontendMessage.sync.write(into: &$0)
        }
        var dripped = ByteBuffer()
        var frames: [Frame] = []
        for byte in stream.readableBytesView {
            dripped.writeInteger(byte)
            while let frame = try splitter.next(from: &dripped) { frames.append(frame) }
        }
        #expect(try frames.map { try FrontendMessage($0) } == [.query("SELECT 1"), .sync])
        #expect(dripped.readableBytes == 0)
    }

    @Test(arguments: [Int32(3), 0, -1, .min])
    func refusesLengthsThatCannotBe(length: Int32) {
        var buffer = bytes {
            $0.writeInteger(UInt8(ascii: "Q"))
            $0.writeInteger(length)
        }
        #expect(throws: WireError.self) { try splitter.next(from: &buffer) }
    }

    @Test func refusesALongFrameBeforeItsPayloadArrives() {
        var buffer = bytes {
            $0.writeInteger(UInt8(ascii: "Q"))
            $0.writeInteger(Int32(1 << 21))
        }
        #expect { try splitter.next(from: &buffer) } throws: { ($0 as? WireError)?.code == .frameTooLong }
    }
}

@Suite struct MessageTests {
    static let frontend: [FrontendMessage] = [
        .query("SELECT 'é'"), .parse(.init(statement: "s1", sql: "SELECT $1", parameterTypes: [20, 25])),
        .bind(
            .init(
                portal: "",
                statement: "s1",
                parameterFormats: [0, 1],
                parameters: [ByteBuffer(string: "1"), nil, ByteBuffer()],
                resultFormats: [1]
            )
        ),
        .describe(.portal, name: ""), .execute(portal: "", rowsMax: 0), .close(.statement, name: "s1"), .flush, .sync,
        .terminate, .copyData(ByteBuffer(string: "a\tb\n")), .copyDone, .copyFail("no"),
        .authentication(ByteBuffer(string: "x")), .functionCall,
    ]

    static let backend: [BackendMessage] = [
        .authentication(.ok), .authentication(.cleartextPassword), .authentication(.md5Password(salt: 7)),
        .authentication(.sasl(mechanisms: ["SCRAM-SHA-256"])),
        .authentication(.saslContinue(ByteBuffer(string: "r=1"))),
        .authentication(.saslFinal(ByteBuffer(string: "v=1"))), .authentication(.unsupported(9)),
        .parameterStatus(name: "TimeZone", value: "UTC"), .backendKeyData(.init(processID: 1, secret: -2)),
        .readyForQuery(.failed), .rowDescription([.init(name: "a"), .init(name: "b", typeOID: 20, format: 1)]),
        .dataRow([ByteBuffer(string: "1"), nil]), .commandComplete("SELECT 1"), .emptyQueryResponse,
        .errorResponse(.init(sqlState: .featureNotSupported, message: "m", detail: "d", hint: "h")),
        .noticeResponse(.init(severity: "NOTICE", sqlState: SQLState("00000"), message: "m")), .parseComplete,
        .bindComplete, .closeComplete, .noData, .portalSuspended, .parameterDescription([20]),
        .copyInResponse(.init(isBinary: true, columnFormats: [1, 1])), .copyData(ByteBuffer(string: "x")), .copyDone,
        .notificationResponse(processID: 3, channel: "c", payload: "p"),
        .negotiateProtocolVersion(minor: 0, unsupported: ["_pq_.x"]),
    ]

    @Test(arguments: frontend)
    func frontendMessagesSurviveTheWire(message: FrontendMessage) throws {
        var buffer = bytes { message.write(into: &$0) }
        let frame = try #require(try FrameSplitter(lengthMax: 1000).next(from: &buffer))
        #expect(try FrontendMessage(frame) == message)
        #expect(buffer.readableBytes == 0)
    }

    @Test(arguments: backend)
    func backendMessagesSurviveTheWire(message: BackendMessage) throws {
        var buffer = bytes { message.write(into: &$0) }
        let frame = try #require(try FrameSplitter(lengthMax: 1000).next(from: &buffer))
        #expect(try BackendMessage(frame) == message)
    }

    @Test(arguments: [
        FrontendMessage.query("SELECT '\u{7F}'"), .parse(.init(statement: "s", sql: "\u{7F}", parameterTypes: [])),
        .parse(.init(statement: "\u{7F}", sql: "", parameterTypes: [])), .describe(.portal, name: "\u{7F}"),
        .bind(
            .init(portal: "", statement: "\u{7F}", parameterFormats: [], parameters: [], resultFormats: [])
        ),
        .execute(portal: "\u{7F}", rowsMax: 0), .close(.statement, name: "\u{7F}"),
    ])
    func textsThatAreNotUTF8AreRefused(message: FrontendMessage) throws {
        var buffer = bytes { message.write(into: &$0) }
        let place = try #require(buffer.readableBytesView.firstIndex(of: 0x7F))
        buffer.setInteger(UInt8(0xFF), at: place)
        let frame = try #require(try FrameSplitter(lengthMax: 1000).next(from: &buffer))
        #expect { try FrontendMessage(frame) } throws: { ($0 as? WireError)?.code == .encodingInvalid }
    }

    /// Every prefix of every message, with its length mended, is either read or refused: never a trap.
    @Test func truncatedMessagesAreRefusedNotTrapped() {
        let whole =
            Self.frontend.map { message in bytes { message.write(into: &$0) } }
            + Self.backend.map { message in bytes { message.write(into: &$0) } }
        for buffer in whole {
            for length in 5...buffer.readableBytes {
                guard var cut = buffer.getSlice(at: 0, length: length) else { continue }
                cut.setInteger(Int32(length - 1), at: 1)
                let frame = Frame(type: cut.getInteger(at: 0) ?? 0, bytes: cut)
                _ = try? FrontendMessage(frame)
                _ = try? BackendMessage(frame)
            }
        }
    }

    @Test func randomBytesNeverTrap() {
        var generator = SeededGenerator(seed: 42)
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...40, using: &generator)
            var buffer = bytes {
                $0.writeInteger(UInt8.random(in: .min ... .max, using: &generator))
                $0.writeInteger(Int32(length + 4))
                for _ in 0..<length { $0.writeInteger(UInt8.random(in: 0...8, using: &generator)) }
            }
            guard let frame = try? FrameSplitter(lengthMax: 1000).next(from: &buffer) else { continue }
            _ = try? FrontendMessage(frame)
            _ = try? BackendMessage(frame)
        }
    }
}

@Suite struct StartupPacketTests {
    static let packets: [StartupPacket] = [
        .sslRequest, .gssEncryptionRequest, .cancel(.init(processID: 4, secret: 5)),
        .startup(minorVersion: 0, parameters: [.init(name: "user", value: "u"), .init(name: "database", value: "d")]),
    ]

    @Test(arguments: packets)
    func survivesTheWire(packet: StartupPacket) throws {
        var buffer = bytes { packet.write(into: &$0) }
        #expect(try StartupPacket.read(from: &buffer) == packet)
        #expect(buffer.readableBytes == 0)
    }

    @Test(arguments: [Int32(0), 7, 10_001, -5])
    func refusesLengthsThatCannotBe(length: Int32) {
        var buffer = bytes { $0.writeInteger(length) }
        #expect(throws: WireError.self) { try StartupPacket.read(from: &buffer) }
    }

    @Test func refusesProtocolTwo() {
        var buffer = bytes {
            $0.writeInteger(Int32(8))
            $0.writeInteger(Int32(2 << 16))
        }
        #expect { try StartupPacket.read(from: &buffer) } throws: {
            ($0 as? WireError)?.code == .unsupportedProtocolVersion
        }
    }
}
