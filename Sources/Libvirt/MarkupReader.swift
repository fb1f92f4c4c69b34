import CLibxml2
import Foundation

/// Reads XML of unknown origin into a tree: no entities but the five of XML itself, no external
/// documents, bounded in size, depth and number of elements.
///
/// By libxml2's pull parser, which libvirt reads XML with: its errors of namespaces are no fault
/// here either. FoundationXML (swift-corelibs, 6.3) calls most of what is not well-formed a
/// success, keeps memory for each such text, and ends the process at `<?x?>`.
enum MarkupReader {
    /// libvirt's own limit for a message is 32 MiB; a domain with 1000 disks has about 1 MiB.
    static let mostBytes = 16 << 20
    static let mostElements = 400_000
    static let mostDepth = 100

    /// Once in a process, before two threads read at the same time: libxml2 makes its table of
    /// encodings at the first use without a lock, and another thread may then compare the name of
    /// an encoding with none (`xmlFindCharEncodingHandler`; seen in 2.9.14).
    static func prepare() { isPrepared }

    private static let isPrepared: Void = xmlInitParser()

    static func read(_ text: String, root: String) throws(MalformedXML) -> MarkupElement {
        prepare()
        let data = Data(text.utf8)
        guard data.count <= mostBytes else {
            throw MalformedXML(
                "\(data.count) bytes of XML for a <\(root)>: at most \(mostBytes) are read")
        }
        // libvirt writes no document type, and without one there are no entities to expand.
        for word in ["<!DOCTYPE", "<!ENTITY"] where data.range(of: Data(word.utf8)) != nil {
            throw MalformedXML("the XML of a <\(root)> has a \(word), which libvirt never writes")
        }
        let tree: MarkupElement
        do throws(MalformedXML) {
            tree = try self.tree(data.map { CChar(bitPattern: $0) })
        } catch {
            throw MalformedXML("\(error): a <\(root)> was expected")
        }
        guard tree.name == root, tree.namespace == nil else {
            throw MalformedXML("<\(tree.name)> where a <\(root)> was expected")
        }
        return tree
    }

    private static func tree(_ bytes: [CChar]) throws(MalformedXML) -> MarkupElement {
        try bytes.withUnsafeBufferPointer { (bytes) throws(MalformedXML) -> MarkupElement in
            // A zero byte libxml2 takes for a sign of another encoding, and tells its troubles to
            // stderr.
            if let zero = bytes.firstIndex(of: 0) {
                let line = bytes[..<zero].count { $0 == 10 } + 1
                throw MalformedXML("not well-formed XML at line \(line)")
            }
            let options =
                XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
                | XML_PARSE_IGNORE_ENC.rawValue
            guard
                let reader = xmlReaderForMemory(
                    bytes.baseAddress, Int32(bytes.count), nil, "UTF-8", Int32(options))
            else { throw MalformedXML("no XML") }
            defer { xmlFreeTextReader(reader) }
            var builder = TreeBuilder()
            while true {
                switch xmlTextReaderRead(reader) {
                case 1: try builder.add(reader)
                case 0:
                    guard let root = builder.root else { throw MalformedXML("no XML") }
                    return root
                default:
                    let line = xmlTextReaderGetParserLineNumber(reader)
                    throw MalformedXML("not well-formed XML at line \(max(1, line))")
                }
            }
        }
    }
}

/// Builds the tree from what the parser meets, in its order, with a stack of the open elements.
private struct TreeBuilder {
    private(set) var root: MarkupElement?
    private var open: [MarkupElement] = []
    private var count = 0

    /// Takes what the reader stands at.
    mutating func add(_ reader: xmlTextReaderPtr) throws(MalformedXML) {
        switch xmlReaderTypes(UInt32(xmlTextReaderNodeType(reader))) {
        case XML_READER_TYPE_ELEMENT:
            count += 1
            guard count <= MarkupReader.mostElements, open.count < MarkupReader.mostDepth else {
                throw MalformedXML(
                    "more than \(MarkupReader.mostElements) elements, or more than "
                        + "\(MarkupReader.mostDepth) in each other")
            }
            let isEmpty = xmlTextReaderIsEmptyElement(reader) == 1
            open.append(element(reader))
            if isEmpty { close() }
        case XML_READER_TYPE_END_ELEMENT:
            close()
        case XML_READER_TYPE_TEXT, XML_READER_TYPE_CDATA, XML_READER_TYPE_WHITESPACE,
            XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
            guard !open.isEmpty else { return }
            open[open.count - 1].text += string(xmlTextReaderConstValue(reader)) ?? ""
        default: return
        }
    }

    private mutating func close() {
        guard let element = open.popLast() else { return }
        if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
    }

    /// The element that the reader stands at, with its attributes; declarations of namespaces are
    /// none.
    private func element(_ reader: xmlTextReaderPtr) -> MarkupElement {
        var element = MarkupElement(
            name: string(xmlTextReaderConstLocalName(reader)) ?? "",
            namespace: string(xmlTextReaderConstNamespaceUri(reader)), attributes: [:])
        while xmlTextReaderMoveToNextAttribute(reader) == 1 {
            guard xmlTextReaderIsNamespaceDecl(reader) == 0,
                let name = string(xmlTextReaderConstName(reader))
            else { continue }
            element.attributes[name] = string(xmlTextReaderConstValue(reader)) ?? ""
        }
        return element
    }

    private func string(_ text: UnsafePointer<xmlChar>?) -> String? {
        text.map { String(cString: $0) }
    }
}
