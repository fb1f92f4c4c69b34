import ClusterModel
import Yams

/// A mapping in a policy file: gives its values by type, and knows where each stands. Other files
/// of ours are read by it too, as strictly.
package struct YAMLTable {
    let path: String
    private let entries: [(key: String, value: Yams.Node)]
    private let mark: Yams.Mark?

    /// A whole file, which must not be empty.
    package init(yaml: String, keys: [String]) throws(PolicyError) {
        guard let document = try PolicyReader.compose(yaml) else {
            throw PolicyError("the file is empty. " + Self.valid(keys))
        }
        try self.init(document, path: "", keys: keys)
    }

    /// Fails on keys that are not in `keys`; those of `former` are read as the ones they became.
    init(
        _ value: Yams.Node, path: String, keys: [String], former: [String: String] = [:]
    ) throws(PolicyError) {
        self.path = path
        mark = value.mark
        guard let mapping = value.mapping else {
            throw Self.error(
                "\(path.isEmpty ? "the file" : "'\(path)'") must hold keys and values. "
                    + Self.valid(keys), at: value)
        }
        var entries: [(key: String, value: Yams.Node)] = []
        for (key, value) in mapping {
            guard let word = key.scalar?.string else {
                throw Self.error("a key must be a word. " + Self.valid(keys), at: key)
            }
            let name = former[word] ?? word
            guard !entries.contains(where: { $0.key == name }) else {
                throw Self.error("'\(word)' and '\(name)' are the same key: keep one", at: key)
            }
            guard keys.contains(name) else {
                let place = path.isEmpty ? "" : " in '\(path)'"
                throw Self.error(
                    "unknown key '\(name)'\(place). " + Self.valid(keys)
                        + Spelling.suggestion(for: name, among: keys), at: key)
            }
            entries.append((name, value))
        }
        self.entries = entries
    }

    func value(_ key: String) -> Yams.Node? { entries.first { $0.key == key }?.value }
    package func has(_ key: String) -> Bool { value(key) != nil }
    func isScalar(_ key: String) -> Bool { value(key)?.scalar != nil }
    /// The first of these words that is there.
    func firstOf(_ keys: [String]) -> String { keys.first { has($0) } ?? keys.first ?? "" }

    /// The value as text, which `read` turns into what is wanted.
    package func scalar<Value>(
        _ key: String, _ expected: String, _ read: (String) -> Value?
    ) throws(PolicyError) -> Value? {
        guard let value = value(key) else { return nil }
        guard let text = value.scalar?.string, let result = read(text) else {
            let found = value.scalar.map { "'\($0.string)'" } ?? "a list or mapping"
            throw Self.error("'\(full(key))' is \(found), but must be \(expected)", at: value)
        }
        return result
    }

    package func table(
        _ key: String, keys: [String], former: [String: String] = [:]
    ) throws(PolicyError) -> YAMLTable? {
        guard let value = value(key) else { return nil }
        return try YAMLTable(value, path: full(key), keys: keys, former: former)
    }

    package func tables(_ key: String, keys: [String]) throws(PolicyError) -> [YAMLTable] {
        var tables: [YAMLTable] = []
        for (index, value) in try list(key, of: "entries such as {\(keys[0]): …}").enumerated() {
            tables.append(try YAMLTable(value, path: "\(full(key))[\(index + 1)]", keys: keys))
        }
        return tables
    }

    package func strings(_ key: String) throws(PolicyError) -> [String]? {
        guard has(key) else { return nil }
        var strings: [String] = []
        for value in try list(key, of: "names such as [web1, db-*]") {
            guard let text = value.scalar?.string, !text.isEmpty else {
                throw Self.error("'\(full(key))' must hold names only", at: value)
            }
            strings.append(text)
        }
        return strings
    }

    /// A mapping whose keys are not known beforehand, from name to name.
    func names(_ key: String) throws(PolicyError) -> [String: String]? {
        guard let value = value(key) else { return nil }
        let example = "names with names, such as {host7: br-lan}"
        guard let mapping = value.mapping else {
            throw Self.error("'\(full(key))' must hold \(example)", at: value)
        }
        var names: [String: String] = [:]
        for (host, value) in mapping {
            guard let name = host.scalar?.string, let text = value.scalar?.string, !name.isEmpty,
                !text.isEmpty
            else { throw Self.error("'\(full(key))' must hold \(example)", at: value) }
            names[name] = text
        }
        return names
    }

    package func required<Value>(_ value: Value?, _ key: String) throws(PolicyError) -> Value {
        guard let value else {
            let (line, column) = (mark?.line, mark?.column)
            let place = path.isEmpty ? "the file" : "'\(path)'"
            throw PolicyError("\(place) lacks the key '\(key)'", line: line, column: column)
        }
        return value
    }

    /// An error at a key's value.
    package func error(_ message: String, at key: String) -> PolicyError {
        PolicyError(message, line: value(key)?.mark?.line, column: value(key)?.mark?.column)
    }

    private func list(_ key: String, of what: String) throws(PolicyError) -> [Yams.Node] {
        guard let value = value(key) else { return [] }
        guard let sequence = value.sequence else {
            throw Self.error("'\(full(key))' must be a list of \(what)", at: value)
        }
        return Array(sequence)
    }

    private func full(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    private static func valid(_ keys: [String]) -> String {
        "Valid keys: " + keys.joined(separator: ", ") + "."
    }

    private static func error(_ message: String, at value: Yams.Node) -> PolicyError {
        PolicyError(message, line: value.mark?.line, column: value.mark?.column)
    }
}
