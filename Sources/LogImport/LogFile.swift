// One log as a stream of uncompressed bytes. Compressed logs come out of the system's own tool through a pipe, so that
// every format is read by the program that defines it.

import ClusterModel
import Foundation

/// How a file is compressed, by its first bytes.
enum LogCompression: String, CaseIterable {
    case gzip, zstd, bzip2, xz, lz4

    static let magicBytesMax = 6

    static func detected(in head: [UInt8]) -> LogCompression? { allCases.first { head.starts(with: $0.magic) } }

    private var magic: [UInt8] {
        switch self {
        case .gzip: [0x1F, 0x8B]
        case .zstd: [0x28, 0xB5, 0x2F, 0xFD]
        case .bzip2: [0x42, 0x5A, 0x68]
        case .xz: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]
        case .lz4: [0x04, 0x22, 0x4D, 0x18]
        }
    }
}

/// What makes a file the same one while it only grows.
struct FileIdentity: Hashable {
    let device: UInt64
    let inode: UInt64
    let bytes: Int64
    let changedNanoseconds: Int64

    /// Nil when there is no such file.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        bytes = Int64(status.st_size)
        changedNanoseconds = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }
}

final class LogFile {
    /// The file itself, whatever it is called.
    struct Number: Equatable {
        let device: UInt64
        let inode: UInt64
    }

    let path: String
    let number: Number
    let compression: LogCompression?
    private let file: FileHandle
    private let output: FileHandle
    private let tool: Process?
    /// Of uncompressed text.
    private(set) var position: Int64 = 0

    init(path: String) throws {
        self.path = path
        var status = stat()
        // Opening a pipe would wait for somebody to write.
        guard stat(path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG else {
            throw LogImportError(.cannotRead, "\(path) is no file: give logs, or directories of logs")
        }
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw LogImportError(.cannotRead, "\(path) cannot be opened: check the path and its permissions")
        }
        self.file = file
        guard fstat(file.fileDescriptor, &status) == 0 else {
            throw LogImportError(.cannotRead, "\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        number = Number(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        let head: [UInt8]
        do {
            head = Array(try file.read(upToCount: LogCompression.magicBytesMax) ?? Data())
            try file.seek(toOffset: 0)
        } catch {
            throw LogImportError(.cannotRead, "\(path) cannot be read: it has to be a file that can be read again")
        }
        compression = LogCompression.detected(in: head)
        guard let compression else {
            output = file
            tool = nil
            return
        }
        let pipe = Pipe()
        tool = try Self.start(compression, reading: file, writing: pipe, path)
        output = pipe.fileHandleForReading
    }

    private static func start(
        _ compression: LogCompression, reading file: FileHandle, writing pipe: Pipe, _ path: String
    ) throws -> Process {
        let directories = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        let places = directories.map { "\($0)/\(compression.rawValue)" }
        guard let program = places.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw LogImportError(
                .noTool,
                "\(path) is compressed by \(compression.rawValue), which is not installed: install it, or "
                    + "decompress the file first")
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["-dc"]
        process.standardInput = file
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw LogImportError(.noTool, "\(program) cannot be started for \(path): \(error.localizedDescription)")
        }
        // Ours would keep the pipe open after the tool's end.
        try? pipe.fileHandleForWriting.close()
        return process
    }

    /// Reads some bytes; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = Foundation.read(output.fileDescriptor, buffer.baseAddress, buffer.count)
            if count >= 0 {
                position += Int64(count)
                return count
            }
            guard errno == EINTR else {
                throw LogImportError(.cannotRead, "\(path) cannot be read: \(String(cString: strerror(errno)))")
            }
        }
    }

    /// Goes on to a position of the uncompressed text; compressed text has to be read up to it. False when the text is
    /// shorter.
    func skip(to target: Int64) throws -> Bool {
        guard tool != nil else {
            guard let identity = FileIdentity(path: path), identity.bytes >= target else { return false }
            try file.seek(toOffset: UInt64(target))
            position = target
            return true
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        while position < target {
            let wanted = Int(min(Int64(buffer.count), target - position))
            let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[0..<wanted]))
            if count == 0 { return false }
        }
        return true
    }

    /// The bytes of the file, compressed as it is, that were read so far. The tool shares our place in the file.
    var fileBytesRead: Int64 { Int64(lseek(file.fileDescriptor, 0, SEEK_CUR)) }

    /// Ends the reading. Returns what the tool had to complain about, if the text was read to its end.
    func close(wasReadToEnd: Bool) -> String? {
        try? output.close()
        guard let tool, let compression else { return nil }
        if !wasReadToEnd { tool.terminate() }
        tool.waitUntilExit()
        try? file.close()
        guard wasReadToEnd, tool.terminationStatus != 0 || tool.terminationReason != .exit else { return nil }
        return "\(compression.rawValue) says that the file is damaged or cut off; what came before that is read"
    }
}
