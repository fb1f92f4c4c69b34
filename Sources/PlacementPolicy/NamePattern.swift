/// A name as a policy writes it: exact, or with `*` for any run of characters and `?` for one.
package struct NamePattern: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible
{
    package var text: String

    package init(_ text: String) { self.text = text }
    package init(stringLiteral value: String) { self.text = value }
    package var description: String { text }

    /// Backtracks to the last `*` only, which is enough for globs without brackets: O(n·m) at
    /// worst.
    package func matches(_ name: String) -> Bool {
        let (pattern, name) = (Array(text.utf8), Array(name.utf8))
        let (star, question) = (UInt8(ascii: "*"), UInt8(ascii: "?"))
        var (inPattern, inName) = (0, 0)
        var lastStar: (pattern: Int, name: Int)?
        while inName < name.count {
            if inPattern < pattern.count, pattern[inPattern] == star {
                lastStar = (inPattern, inName)
                inPattern += 1
            } else if inPattern < pattern.count,
                pattern[inPattern] == name[inName] || pattern[inPattern] == question
            {
                inPattern += 1
                inName += 1
            } else if let back = lastStar {
                inPattern = back.pattern + 1
                inName = back.name + 1
                lastStar = (back.pattern, inName)
            } else {
                return false
            }
        }
        return pattern[inPattern...].allSatisfy { $0 == star }
    }
}

extension [NamePattern] {
    package func matches(_ name: String) -> Bool { contains { $0.matches(name) } }
}
