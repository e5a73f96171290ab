/// A name that a client gave to a statement or a portal. Names are one only if they are so byte for byte: strings are
/// equal under Unicode normalisation too.
struct ClientName: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (a: ClientName, b: ClientName) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
