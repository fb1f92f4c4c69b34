/// XML that cannot be read, with the place and the value that are wrong.
struct MalformedXML: Error, Hashable, Sendable, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
