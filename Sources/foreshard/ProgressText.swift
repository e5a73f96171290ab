import Foundation

/// One line of standard error that is written over; nil clears it. Nothing where nobody looks.
func showProgress(_ text: String?) {
    guard isatty(FileHandle.standardError.fileDescriptor) == 1 else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[K\(text ?? "")".utf8))
}
