import Foundation
import Glibc
import Synchronization

// The child gets a clean start: default signal handling, no blocked signals, a process group of its own (an interrupt
// at the terminal is for us, and we stop servers in order), no open files but its input and its output.

/// Where a child writes.
enum ChildOutput: Sendable {
    /// Standard output and error, appended to the file at that path.
    case log(String)
    /// Descriptors of ours.
    case descriptors(output: Int32, errors: Int32)
}

/// Starts a program and returns its pid; the error says which program and why. A name without `/` is looked for in our
/// own PATH.
///
/// - Parameter input: a descriptor of ours that the child reads; nil gives it nothing to read.
func posixSpawn(
    _ arguments: [String], environment: [String: String], input: Int32? = nil, output: ChildOutput
) throws(LocalPostgresError) -> pid_t {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    setCleanSignals(&attributes)

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input {
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    } else {
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    }
    switch output {
    case .log(let path):
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
    case .descriptors(let output, let errors):
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
    }
    let argv = arguments.map { strdup($0) } + [nil]
    let envp = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for pointer in argv + envp { free(pointer) } }

    var pid: pid_t = 0
    let failure = inheritance.withLock { _ in
        for descriptor in openDescriptors() where descriptor > STDERR_FILENO {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        return posix_spawnp(&pid, arguments[0], &actions, &attributes, argv, envp)
    }
    guard failure == 0 else {
        throw LocalPostgresError(
            .commandFailed,
            "could not start \(arguments[0]): \(String(cString: strerror(failure)))"
        )
    }
    return pid
}

private func setCleanSignals(_ attributes: inout posix_spawnattr_t) {
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
        &attributes,
        Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP)
    )
}

/// Held while a child is started, and while a descriptor of ours would be inherited by one.
private let inheritance = Mutex(())

/// Opens descriptors that no child inherits. (pipe2 and mkostemp, which do that in one step, are not visible to Swift.)
func openUninherited(_ open: () -> [Int32]) -> [Int32] {
    inheritance.withLock { _ in
        let descriptors = open()
        for descriptor in descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        return descriptors
    }
}

/// Everything this process opens is close-on-exec; this closes what a library opened without it. (glibc's own
/// `closefrom` action is not visible to Swift.)
private func openDescriptors() -> [Int32] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []).compactMap { Int32($0) }
}
