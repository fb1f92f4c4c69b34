import Foundation
import PlacementPolicy
import Testing

/// `policies/CATALOGUE.md` against the reader: it cannot go stale.
@Suite struct CatalogueTests {
    private static let text: String = {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let file = root.appending(path: "policies/CATALOGUE.md")
        return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    }()

    private static var examples: [String] {
        text.components(separatedBy: "```yaml\n").dropFirst().map {
            $0.components(separatedBy: "```")[0]
        }
    }

    /// Key, default and meaning of each row.
    private static var rows: [[String]] {
        text.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("| `") else { return nil }
            return line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    private static var keys: Set<String> {
        Set(
            PolicyReader.vocabulary.flatMap { path, keys in
                keys.map { path.isEmpty ? $0 : "\(path).\($0)" }
            })
    }

    /// A mapping with further keys of its own, which are told one by one; a list is told as well.
    private static func isOnlyMapping(_ key: String) -> Bool {
        let lists = [
            "affinity", "antiAffinity", "fence", "ban", "sharedStorage", "interfaces", "power",
        ]
        return PolicyReader.vocabulary[key] != nil && !lists.contains(key)
    }

    @Test func `every example is read`() throws {
        #expect(Self.examples.count > 10)
        for example in Self.examples {
            #expect(throws: Never.self, "\(example)") { try Policy(yaml: example) }
        }
    }

    @Test func `every key that the reader knows has a row, and no other`() {
        let told = Set(Self.rows.map { $0[0].replacing("`", with: "") })
        #expect(told == Self.keys.filter { !Self.isOnlyMapping($0) })
        #expect(Self.rows.count == told.count, "a key has two rows")
    }

    @Test func `every key is in some example`() {
        let words = Set(
            Self.examples.joined().split { !$0.isLetter && !$0.isNumber && $0 != "-" }
                .map(String.init))
        for key in Self.keys {
            let word = String(key.split(separator: ".").last ?? "")
            #expect(words.contains(word), "no example has '\(key)'")
        }
    }

    @Test func `every default is the one that holds when the key is not given`() throws {
        var checked = 0
        for row in Self.rows {
            let (key, value) = (row[0].replacing("`", with: ""), row[1])
            let parts = key.split(separator: ".")
            guard !["none", "required"].contains(value), !Self.isInList(key) else { continue }
            let inner = parts.dropFirst().reversed().reduce(value) { "{\($1): \($0)}" }
            let yaml = "name: drain\n\(parts[0]): \(inner)\n"
            #expect(try Policy(yaml: yaml) == .default, "\(yaml)")
            checked += 1
        }
        #expect(checked > 25)
        #expect(try Policy(yaml: "name: drain") == .default)
    }

    private static func isInList(_ key: String) -> Bool {
        let parts = key.split(separator: ".").map(String.init)
        return parts.count > 1 && !isOnlyMapping(parts[0])
    }
}
