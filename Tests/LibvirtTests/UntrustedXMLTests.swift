import ClusterModel
import Testing

@testable import Libvirt

@Suite("XML of unknown origin")
struct UntrustedXMLTests {
    @Test("Five megabytes are read, in seconds at most")
    func huge() throws {
        let xml = DomainFixtures.huge(disks: 17_000)
        #expect(xml.utf8.count > 5_000_000)
        let clock = ContinuousClock()
        let start = clock.now
        let facts = try DomainXMLReader.read(xml)
        #expect(facts.disks.count == 17_000)
        #expect(facts.disks[16_999].target == "vd16999")
        #expect(start.duration(to: clock.now) < .seconds(30))
    }

    @Test("More than the bound is refused with both figures")
    func tooBig() {
        let xml = "<domain>" + String(repeating: " ", count: MarkupReader.mostBytes) + "</domain>"
        #expect {
            try DomainXMLReader.read(xml)
        } throws: { "\($0)".contains("\(MarkupReader.mostBytes)") && "\($0)".contains("16777233") }
    }

    @Test(
        "Documents with a document type are refused before a parser sees them",
        arguments: [
            """
            <!DOCTYPE domain [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
            <!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><domain><name>&c;</name></domain>
            """,
            """
            <!DOCTYPE domain [<!ENTITY x SYSTEM "file:///etc/passwd">]>
            <domain><name>&x;</name></domain>
            """,
        ])
    func entities(_ xml: String) {
        #expect {
            try DomainXMLReader.read(xml)
        } throws: { "\($0)".contains("<!DOCTYPE") }
    }

    @Test("Nesting is bounded")
    func deep() {
        let depth = 5000
        let xml =
            "<domain>" + String(repeating: "<a>", count: depth)
            + String(repeating: "</a>", count: depth) + "</domain>"
        #expect(throws: MalformedXML.self) { try DomainXMLReader.read(xml) }
    }

    @Test(
        "What is no domain is refused",
        arguments: [
            "", "   ", "no xml", "<domain>", "<domain/>", "<pool type='dir'/>",
            "<domain xmlns='urn:x'><name>a</name></domain>", "\u{0}<domain/>",
            "<domain><name>a</name><uuid>x</uuid><memory>1</memory></domain>",
        ])
    func notADomain(_ xml: String) {
        #expect(throws: MalformedXML.self) { try DomainXMLReader.read(xml) }
    }

    @Test(
        "XML that breaks off or contradicts itself is refused, and said to be so",
        arguments: [
            "<domain><name>a</domain>", "<domain/><domain/>", "<domain><a></b></domain>",
            "<domain><a b='1' b='2'/></domain>", "<domain>&foo;</domain>", "<domain/>x",
            "\0\0\0<\0\0\0d", "<domain>\0</domain>",
        ])
    func malformed(_ xml: String) {
        #expect {
            try MarkupReader.read(xml, root: "domain")
        } throws: { "\($0)".contains("not well-formed XML at line 1: a <domain>") }
    }

    @Test("XML that breaks off anywhere is refused, and takes nothing down")
    func brokenOff() throws {
        let xml = DomainFixtures.rich
        _ = try DomainXMLReader.read(xml)
        let end = try #require(xml.lastIndex(of: ">"))
        for index in xml[..<end].indices {
            #expect(throws: MalformedXML.self) { try DomainXMLReader.read(String(xml[..<index])) }
        }
        // Read as four bytes a character.
        #expect(throws: MalformedXML.self) { try DomainXMLReader.read("\0\0\0<\u{fffd}\0") }
    }

    @Test("Namespaces that libvirt lets pass are no fault")
    func looseNamespaces() throws {
        for inner in ["<x:b/>", "<b x:c='1'/>", "<x:b xmlns:x='relative'/>", "<?pi data?>"] {
            _ = try MarkupReader.read("<domain>\(inner)</domain>", root: "domain")
        }
    }

    @Test("Comments and processing instructions are passed over, those without data too")
    func passedOver() throws {
        let tree = try MarkupReader.read(
            "<?xml version='1.0'?><!-- a --><domain a='1'>x<?pi?><!-- b --><?pi data?>"
                + "y<b/></domain>",
            root: "domain")
        #expect(
            tree
                == MarkupElement(
                    name: "domain", attributes: ["a": "1"],
                    children: [MarkupElement(name: "b", attributes: [:])], text: "xy"))
    }

    @Test("Namespaces, attributes with a prefix, character references and CDATA are told apart")
    func parts() throws {
        let tree = try MarkupReader.read(
            """
            <domain xmlns:q='urn:q' q:a='1' a='&lt;2&#10;'><q:b xmlns='urn:d'><c/></q:b>\
            <![CDATA[<&]]>&amp;</domain>
            """, root: "domain")
        #expect(tree.attributes == ["q:a": "1", "a": "<2\n"])
        #expect(tree.text == "<&&")
        let foreign = try #require(tree.children.first)
        #expect(foreign.name == "b")
        #expect(foreign.namespace == "urn:q")
        #expect(foreign.children.map(\.namespace) == ["urn:d"])
    }

    @Test("A declared encoding is not believed: text is Unicode by then")
    func encoding() throws {
        for encoding in ["UTF-8", "ISO-8859-1", "UTF-16"] {
            let tree = try MarkupReader.read(
                "<?xml version='1.0' encoding='\(encoding)'?><domain>Größe</domain>", root: "domain"
            )
            #expect(tree.text == "Größe")
        }
    }

    @Test(
        "Absurd amounts are refused by name, not overflowed",
        arguments: [
            "18446744073709551615", "9223372036854775807", "-1", "1e9", "", "99999999999999999999",
        ])
    func absurdMemory(_ amount: String) {
        #expect {
            try DomainXMLReader.read(
                DomainFixtures.domain(memory: "<memory unit='TiB'>\(amount)</memory>"))
        } throws: { "\($0)".contains("<memory>") && "\($0)".contains(amount.prefix(10)) }
    }

    @Test(
        "Absurd lists of cells are refused",
        arguments: ["0-99999999999", "5-1", "a", "0-", "-", "0-8192", "0--1"])
    func absurdNodeset(_ list: String) {
        let xml = DomainFixtures.domain(
            top: "<numatune><memory mode='strict' nodeset='\(list)'/></numatune>")
        #expect(throws: MalformedXML.self) { try DomainXMLReader.read(xml) }
    }

    @Test("Lists of numbers as libvirt writes them")
    func lists() throws {
        #expect(try NumberList.numbers("0-3,^2, 8") == [0, 1, 3, 8])
        #expect(try NumberList.numbers("5") == [5])
    }

    @Test("A thousand damaged documents are read or refused, and nothing worse", arguments: 0..<4)
    func damaged(_ seed: Int) {
        var random = SplitMix64(seed: UInt64(seed) &+ 1)
        let original = Array(DomainFixtures.rich.utf8)
        var refused = 0
        for _ in 0..<250 {
            var bytes = original
            for _ in 0..<Int(1 + random.next() % 6) {
                let place = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 3 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: place)
                default: bytes.insert(contentsOf: Array("99999999999".utf8), at: place)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            if (try? DomainXMLReader.read(text)) == nil { refused += 1 }
        }
        // Most damage breaks the XML; some only changes a value. Neither all nor none.
        #expect(refused > 0)
        #expect(refused < 250)
    }
}
