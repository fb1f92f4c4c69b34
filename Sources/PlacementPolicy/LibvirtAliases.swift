/// The short names for hosts that libvirt's own client configuration gives (`uri_aliases`).
///
/// Source: `virURIResolveAlias` in `viruri.c` and the parser in `virconf.c` (9.0.0):
/// a list of "name=URI" in single or double quotes, over several lines if need be; `#` begins a
/// comment.
package struct LibvirtAliases: Hashable, Sendable {
    /// The file, for people.
    package var place: String
    package var uris: [String: String] = [:]

    package init(place: String = "libvirt.conf (uri_aliases)") { self.place = place }

    /// `text` is a whole libvirt.conf; what is not understood has no alias in it.
    package init(_ text: String, place: String) {
        self.place = place
        for entry in Self.entries(of: text) {
            let parts = entry.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty, uris[parts[0]] == nil else { continue }
            uris[parts[0]] = parts[1]
        }
    }

    /// The quoted words of the list.
    private static func entries(of text: String) -> [String] {
        var rest = text[...]
        while !rest.isEmpty {
            let line = rest.prefix { !$0.isNewline }
            let word = line.drop { $0 == " " || $0 == "\t" }
            if word.hasPrefix("uri_aliases"), let equals = line.firstIndex(of: "=") {
                return quoted(rest[equals...].dropFirst())
            }
            rest = rest[line.endIndex...].dropFirst()
        }
        return []
    }

    private static func quoted(_ text: Substring) -> [String] {
        var found: [String] = []
        var rest = text
        while let first = rest.first, first != "]" {
            rest = rest.dropFirst()
            switch first {
            case "#": rest = rest.drop { !$0.isNewline }
            case "'", "\"":
                let word = rest.prefix { $0 != first }
                found.append(String(word))
                rest = rest[word.endIndex...].dropFirst()
            default: continue
            }
        }
        return found
    }
}
