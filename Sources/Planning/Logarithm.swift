#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The two functions of the C library that planning needs, under names that say what they are.
enum Logarithm {
    static func natural(_ value: Double) -> Double { log(value) }
    static func exponential(_ value: Double) -> Double { exp(value) }
}
