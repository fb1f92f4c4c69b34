/// An XML element with its attributes, its children in order and its text.
struct MarkupElement: Hashable, Sendable {
    /// The local name; `namespace` is nil for libvirt's own elements.
    var name: String
    var namespace: String?
    var attributes: [String: String]
    var children: [MarkupElement] = []
    /// Its own character data, without that of its children.
    var text = ""

    var trimmedText: String {
        let isSpace: (Character) -> Bool = { $0.isWhitespace }
        guard let first = text.firstIndex(where: { !isSpace($0) }),
            let last = text.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(text[first...last])
    }

    /// An attribute that is there and not empty.
    func attribute(_ name: String) -> String? {
        attributes[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// libvirt's children of this name: an element of the same name from a foreign namespace (in
    /// `<metadata>`, in `<qemu:…>`) is none.
    func all(_ name: String) -> [MarkupElement] {
        children.filter { $0.name == name && $0.namespace == nil }
    }

    /// The first element at the end of a path of names.
    func first(_ path: String...) -> MarkupElement? {
        var element = self
        for name in path {
            guard
                let next = element.children.first(where: {
                    $0.name == name && $0.namespace == nil
                })
            else { return nil }
            element = next
        }
        return element
    }

    func has(_ name: String) -> Bool { first(name) != nil }
}
