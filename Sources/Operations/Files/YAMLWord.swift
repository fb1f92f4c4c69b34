/// Words of others in a YAML file of ours.
package enum YAMLWord {
    /// As it is where nobody can take it for anything but a word, else in double quotes. Names come
    /// from whoever made the history: none of them may end its line and begin another.
    package static func quoted(_ word: String) -> String {
        let isPlain =
            word.first.map { $0.isASCII && $0.isLetter || $0 == "/" } == true
            && word.last != ":" && word.unicodeScalars.allSatisfy { plain.contains($0) }
        return isPlain ? word : "\"" + word.unicodeScalars.map(escaped).joined() + "\""
    }

    private static let plain = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:".unicodeScalars)

    /// A letter of any language, and blanks, as they are; all that could be a break or steer by
    /// number.
    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": return "\\\""
        case "\\": return "\\\\"
        case " ": return " "
        default:
            let properties = scalar.properties
            let isVisible =
                scalar.isASCII
                ? scalar.value > 0x20 && scalar.value < 0x7F
                : properties.isAlphabetic || properties.numericType != nil
            guard !isVisible else { return String(scalar) }
            let digits = String(scalar.value, radix: 16)
            return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
        }
    }
}
