import Yams

extension PolicyError {
    /// What the YAML parser found wrong, with its place.
    init(yamlError error: YamlError) {
        switch error {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let place = context.map { " (\($0.text))" } ?? ""
            self.init("not YAML: \(problem)\(place)", line: mark.line, column: mark.column)
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.sorted().map { "'\($0)'" }.joined(separator: ", ")
            self.init(
                "the key \(names) is given twice", line: context.mark.line,
                column: context.mark.column)
        default:
            self.init("not YAML: \(error)")
        }
    }
}
