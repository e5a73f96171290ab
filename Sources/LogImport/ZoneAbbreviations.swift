// The abbreviations of time zones that PostgreSQL prints after a log's time. They are those of the IANA database, where
// some stand for several offsets: such a one means nothing without the zone's name.

/// What an abbreviation may stand for.
enum ZoneAbbreviations {
    /// The offsets from UTC in minutes, east positive; empty for an abbreviation that is not known.
    static func offsets(of abbreviation: String) -> [Int] {
        if let minutes = numeric(abbreviation) { return [minutes] }
        return known[abbreviation] ?? []
    }

    /// `+02`, `-0330`, `+05:45`: what zones without letters print.
    private static func numeric(_ text: String) -> Int? {
        guard let sign = text.first, sign == "+" || sign == "-" else { return nil }
        let digits = text.dropFirst().filter { $0 != ":" }
        guard digits.count == 2 || digits.count == 4, digits.utf8.allSatisfy(\.isDecimal),
            let hours = Int(digits.prefix(2)), let minutes = digits.count == 4 ? Int(digits.suffix(2)) : 0,
            hours < 16, minutes < 60
        else { return nil }
        return (sign == "-" ? -1 : 1) * (hours * 60 + minutes)
    }

    private static let known: [String: [Int]] = [
        "UTC": [0], "GMT": [0], "UCT": [0], "Z": [0], "Zulu": [0],
        "WET": [0], "WEST": [60], "CET": [60], "CEST": [120], "EET": [120], "EEST": [180], "MSK": [180],
        "BST": [60, 360, 660], "IST": [330, 120, 60], "IDT": [180],
        "WAT": [60], "CAT": [120], "SAST": [120], "EAT": [180],
        "PKT": [300], "WIB": [420], "WITA": [480], "WIT": [540], "HKT": [480], "JST": [540], "KST": [540, 510],
        "AWST": [480], "ACST": [570], "ACDT": [630], "AEST": [600], "AEDT": [660], "NZST": [720], "NZDT": [780],
        "ChST": [600], "SST": [-660, 480, 660],
        "EST": [-300], "EDT": [-240], "CST": [-360, 480, -300], "CDT": [-300, -240, 540], "MST": [-420],
        "MDT": [-360], "PST": [-480, 480], "PDT": [-420], "AST": [-240], "ADT": [-180], "NST": [-210], "NDT": [-150],
        "AKST": [-540], "AKDT": [-480], "HST": [-600], "HDT": [-540],
    ]
}
