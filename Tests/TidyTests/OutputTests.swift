import Testing

/// Everything that the program says goes through `Console`, which takes from others' text the power
/// to steer a terminal: no other place writes to the process's streams.
struct OutputTests {
    static let only = "Sources/KVMBalanceCommands/Terminal/Console.swift"
    /// Opens the terminal to hand it to an ssh that asks, and writes nothing there.
    static let asking = "Sources/Libvirt/ChildProcesses.swift"

    static let deeds = [
        (#"\b(print|debugPrint|dump|NSLog)\("#, #"print("done")"#),
        (#"\bFileHandle\.standard(Output|Error)\b"#, "let out = FileHandle.standardError"),
        (#"\.standard(Output|Error)\("#, #"StreamLogHandler.standardError(label: "collect")"#),
        (#"\b(fputs|puts|putchar|vprintf|fprintf|perror|fwrite)\("#, "fputs(text, file)"),
        (#"\b(stdout|stderr|STDOUT_FILENO|STDERR_FILENO)\b"#, "write(STDERR_FILENO, bytes, 4)"),
        (#"/dev/(tty|stdout|stderr)\b"#, #"open(/dev/tty, O_WRONLY)"#),
    ]

    @Test func nothingElseWritesToTheStreams() throws {
        let rules = try Self.deeds.map { try Regex($0.0).wordBoundaryKind(.simple) }
        let files = try Repository.swiftFiles(under: "Sources")
        #expect(files.contains { $0.path == Self.only })
        for file in files where file.path != Self.only && file.path != Self.asking {
            for (number, line) in file.code.enumerated() {
                for rule in rules where line.contains(rule) {
                    Issue.record("\(file.path):\(number + 1): say it through Console: \(line)")
                }
            }
        }
    }

    @Test func everyDeedIsSeen() throws {
        for (pattern, example) in Self.deeds {
            #expect(example.contains(try Regex(pattern).wordBoundaryKind(.simple)), "\(pattern)")
        }
    }

    /// In `Console` itself each text is made visible on its way: one function writes, and what it
    /// is given was made visible, is JSON, or is the clearing of a screen.
    @Test func consoleMakesVisibleWhatItWrites() throws {
        let file = try #require(
            try Repository.swiftFiles(under: "Sources").first { $0.path == Self.only })
        let writes = file.code.filter { $0.contains("write(") && !$0.contains("func write(") }
        #expect(writes.count >= 5)
        for line in writes {
            let isSafe = ["Format.visible(", "Format.oneLine(", "JSON.text(", "foot", "\\u{1B}[H"]
                .contains { line.contains($0) }
            let isTheOne = line.contains("handle.write(contentsOf:")
            #expect(isSafe || isTheOne || line.contains("$0.show(bars"), "\(line)")
        }
    }
}
