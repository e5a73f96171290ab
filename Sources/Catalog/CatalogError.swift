/// Why the catalog refused, in words for the person who has to mend it.
package struct CatalogError: Error, Equatable, CustomStringConvertible {
    package enum Code: Sendable {
        /// Another process serves this catalog.
        case inUse
        /// The file cannot be opened or written.
        case unusable
        /// The file is no catalog, or is damaged.
        case damaged
        /// A newer Foreshard wrote it.
        case fromTheFuture
        /// What is stored is not what the caller believed. Nothing was changed.
        case conflict
        case unknownMove
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
