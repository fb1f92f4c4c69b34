import Foundation
import FoundationXML

/// Reads XML of unknown origin into a tree: no entities but the five of XML itself, no external
/// documents, bounded in size, depth and number of elements.
///
/// Linear in the length of the text.
enum MarkupReader {
    /// libvirt's own limit for a message is 32 MiB; a domain with 1000 disks has about 1 MiB.
    static let mostBytes = 16 << 20
    static let mostElements = 400_000
    static let mostDepth = 100

    static func read(_ text: String, root: String) throws(MalformedXML) -> MarkupElement {
        let data = Data(text.utf8)
        guard data.count <= mostBytes else {
            throw MalformedXML(
                "\(data.count) bytes of XML for a <\(root)>: at most \(mostBytes) are read")
        }
        // libvirt writes no document type, and without one there are no entities to expand.
        for word in ["<!DOCTYPE", "<!ENTITY"] where data.range(of: Data(word.utf8)) != nil {
            throw MalformedXML("the XML of a <\(root)> has a \(word), which libvirt never writes")
        }
        guard !hasBareInstruction(data) else {
            throw MalformedXML(
                "the XML of a <\(root)> has a processing instruction without data, which is not read"
            )
        }
        let builder = TreeBuilder()
        let parser = XMLParser(data: data)
        parser.shouldProcessNamespaces = true
        parser.shouldResolveExternalEntities = false
        parser.delegate = builder
        let isWellFormed = parser.parse()
        if let fault = builder.fault { throw MalformedXML("\(fault): a <\(root)> was expected") }
        guard isWellFormed, let tree = builder.root else {
            throw MalformedXML("no XML, where a <\(root)> was expected")
        }
        guard tree.name == root, tree.namespace == nil else {
            throw MalformedXML("<\(tree.name)> where a <\(root)> was expected")
        }
        return tree
    }

    /// `<?name?>`: FoundationXML (swift-corelibs, 6.3) hands its missing data to strlen and takes the
    /// process down.
    private static func hasBareInstruction(_ data: Data) -> Bool {
        var rest = data[...]
        while let start = rest.range(of: Data("<?".utf8)) {
            rest = rest[start.upperBound...]
            guard let end = rest.range(of: Data("?>".utf8)) else { return false }
            if !rest[..<end.lowerBound].contains(where: Self.blanks.contains) { return true }
        }
        return false
    }

    private static let blanks = Set(" \t\r\n".utf8)
}

/// Builds the tree from the parser's events, with a stack of the open elements.
private final class TreeBuilder: NSObject, XMLParserDelegate {
    private(set) var root: MarkupElement?
    private(set) var fault: MalformedXML?
    private var open: [MarkupElement] = []
    private var count = 0

    func parser(
        _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?,
        qualifiedName: String?, attributes: [String: String]
    ) {
        guard fault == nil else { return parser.abortParsing() }
        count += 1
        guard count <= MarkupReader.mostElements, open.count < MarkupReader.mostDepth else {
            fault = MalformedXML(
                "more than \(MarkupReader.mostElements) elements, or more than "
                    + "\(MarkupReader.mostDepth) in each other")
            parser.abortParsing()
            return
        }
        let namespace = namespaceURI.flatMap { $0.isEmpty ? nil : $0 }
        open.append(
            MarkupElement(name: elementName, namespace: namespace, attributes: attributes))
    }

    /// libxml2's warnings and its errors of namespaces, with which libvirt takes a text too (xmlerror.h).
    private static let harmless = Set([27, 93] + Array(97...107) + Array(200...205))

    /// FoundationXML goes on as well as it can, says at the end that all was well, and keeps a little memory
    /// for each fault; so the next element is the last. To abort in here crashes libxml2 (found by fuzzing).
    func parser(_ parser: XMLParser, parseErrorOccurred parseError: any Error) {
        guard fault == nil, !Self.harmless.contains((parseError as NSError).code) else { return }
        fault = MalformedXML("not well-formed XML at line \(parser.lineNumber)")
    }

    func parser(
        _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?,
        qualifiedName: String?
    ) {
        guard let element = open.popLast() else { return }
        if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        guard !open.isEmpty else { return }
        open[open.count - 1].text += string
    }

    func parser(_ parser: XMLParser, foundCDATA block: Data) {
        guard !open.isEmpty else { return }
        open[open.count - 1].text += String(decoding: block, as: UTF8.self)
    }
}
