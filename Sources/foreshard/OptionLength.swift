import ArgumentParser
import ClusterModel

/// The length of time that an option names, more than none.
///
/// - Throws: `ValidationError` with the option.
func length(of text: String, _ option: String) throws -> Duration {
    guard let value = Duration(text: text), value > .zero else {
        throw ValidationError("--\(option) has to be a length of time such as 5m, 1h or 7d, not `\(text)`")
    }
    return value
}
