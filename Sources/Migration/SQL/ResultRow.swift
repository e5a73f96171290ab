// A row of a result in text form, read by position. What is missing or malformed reads as empty, zero or false.

extension [String?] {
    func text(_ index: Int) -> String { index < count ? self[index] ?? "" : "" }
    func number(_ index: Int) -> Int { Int(text(index)) ?? 0 }
    func bool(_ index: Int) -> Bool { text(index) == "t" }
}
