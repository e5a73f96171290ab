// A server that answers every request with the same bytes, or with none at all; it remembers what it was asked.
import ClusterModel
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

final class FakePrometheus: Sendable {
    enum Answer: Sendable {
        case body(HTTPResponseStatus, String)
        case silence
    }

    struct Request: Sendable {
        let uri: String
        let headers: HTTPHeaders
        let body: String
    }

    private let seen = Mutex<[Request]>([])
    var requests: [Request] { seen.withLock { $0 } }

    /// Lends a server that gives the answers in turn, the last one for ever.
    static func with(_ answers: [Answer], _ body: (FakePrometheus, String) async throws -> Void) async throws {
        let fake = FakePrometheus()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(fake: fake, answers: answers))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            try await body(fake, "http://127.0.0.1:\(channel.localAddress?.port ?? 0)")
        } catch {
            try await channel.close()
            throw error
        }
        try await channel.close()
    }

    fileprivate func number(_ request: Request) -> Int {
        seen.withLock {
            $0.append(request)
            return $0.count
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let fake: FakePrometheus
        private let answers: [Answer]
        private var head: HTTPRequestHead?
        private var body = ""

        init(fake: FakePrometheus, answers: [Answer]) {
            self.fake = fake
            self.answers = answers
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): (self.head, body) = (head, "")
            case .body(let buffer): body += String(buffer: buffer)
            case .end:
                guard let head else { return }
                let number = fake.number(Request(uri: head.uri, headers: head.headers, body: body))
                switch answers[min(number, answers.count) - 1] {
                case .silence: break
                case .body(let status, let text): answer(status, text, context)
                }
            }
        }

        private func answer(_ status: HTTPResponseStatus, _ text: String, _ context: ChannelHandlerContext) {
            let headers = HTTPHeaders([("content-length", "\(text.utf8.count)")])
            context.write(
                wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
