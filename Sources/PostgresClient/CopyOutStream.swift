// COPY data on its way from the server to one consumer. When the consumer is slow, reading from the socket stops.
import NIOCore

/// The chunks of a `COPY ... TO STDOUT`, each a CopyData payload.
package struct CopyOutStream: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer
    let sequence: CopyOutProducer.Sequence

    package func makeAsyncIterator() -> CopyOutProducer.Sequence.AsyncIterator { sequence.makeAsyncIterator() }
}

package enum CopyOutProducer {
    package typealias Sequence = NIOThrowingAsyncSequenceProducer<
        ByteBuffer, any Error, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, Delegate
    >

    /// Turns reading on again when the consumer caught up.
    package struct Delegate: NIOAsyncSequenceProducerDelegate {
        let channel: any Channel

        package func produceMore() { channel.setOption(.autoRead, value: true).whenFailure { _ in } }
        /// A consumer that walks away leaves the rest unread: the connection cannot be used again.
        package func didTerminate() { channel.setOption(.autoRead, value: true).whenFailure { _ in } }
    }

    struct Source: Sendable {
        private let source: Sequence.Source

        init(_ source: Sequence.Source) { self.source = source }

        func yield(_ data: ByteBuffer, context: ChannelHandlerContext) {
            guard case .stopProducing = source.yield(data) else { return }
            context.channel.setOption(.autoRead, value: false).whenFailure { _ in }
        }

        func finish() { source.finish() }
        func finish(_ error: any Error) { source.finish(error) }
    }

    static func make(channel: any Channel) -> (Source, CopyOutStream) {
        let made = NIOThrowingAsyncSequenceProducer.makeSequence(
            elementType: ByteBuffer.self,
            failureType: (any Error).self,
            backPressureStrategy: NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark(
                lowWatermark: 64,
                highWatermark: 512
            ),
            finishOnDeinit: true,
            delegate: Delegate(channel: channel)
        )
        return (Source(made.source), CopyOutStream(sequence: made.sequence))
    }
}
