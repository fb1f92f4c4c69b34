import Testing

/// What decides and what operates neither prints, nor reads arguments, nor reads a clock: it
/// returns values, tells its progress to an observer and is given its clock. Only so can a web
/// page, a test or a log use it as the terminal does.
struct SilenceTests {
    /// `Simulation` is not among them yet: it plays fleets that live in a file and in real time,
    /// and takes the system's clock where nobody gives it one.
    static let silent = ImportTests.pure.union(["Operations", "History", "Rendering"])

    /// One way to do what must not be done, and a line that does it.
    struct Deed: Sendable {
        let pattern: String
        let example: String
        let instead: String

        /// With words that end at a full stop: to Unicode `Console.err` is one.
        var rule: Regex<AnyRegexOutput> {
            get throws { try Regex(pattern).wordBoundaryKind(.simple) }
        }
    }

    static let deeds =
        [
            (#"\b(print|debugPrint|dump|NSLog)\("#, #"print("done")"#),
            (#"\bConsole\b"#, #"Console.err("done")"#),
            (#"\bFileHandle\.standard(Output|Error)\b"#, "let out = FileHandle.standardError"),
            (#"\b(fputs|puts|putchar|vprintf|fprintf|perror)\("#, "fputs(text, file)"),
            (#"\b(stdout|stderr|STDOUT_FILENO|STDERR_FILENO)\b"#, "write(STDERR_FILENO, bytes, 4)"),
        ].map { Deed(pattern: $0, example: $1, instead: "return it, or tell a ProgressObserver") }
        + [
            (#"\bArgumentParser\b"#, "import ArgumentParser"),
            (#"\bCommandLine\b"#, "let words = CommandLine.arguments"),
            (#"\bprocessInfo\.arguments\b"#, "let words = ProcessInfo.processInfo.arguments"),
            (#"\b(readLine|getopt|getopt_long)\("#, "let answer = readLine()"),
        ].map { Deed(pattern: $0, example: $1, instead: "take it as a parameter") }
        + [
            (#"\bDate\(\)"#, "let now = Date().timeIntervalSince1970"),
            (
                #"\b(Date|ContinuousClock|SuspendingClock|DispatchTime|DispatchWallTime)\.now\b"#,
                "let now = Date.now"
            ),
            (#"\b(ContinuousClock|SuspendingClock)\b"#, "let clock = ContinuousClock()"),
            (#"\bDispatch(Wall)?Time\b"#, "let now = DispatchTime.now()"),
            (
                #"\b(clock_gettime|gettimeofday|mach_absolute_time)\("#,
                "clock_gettime(CLOCK_MONOTONIC, &time)"
            ),
            (#"\btime\((nil|&)"#, "let seconds = time(nil)"),
            (#"\b(wallClock|systemTime|systemUptime|timeIntervalSinceNow)\b"#, "now: wallClock)"),
            (#"\bWorldClock\("#, "let clock = WorldClock(now: now)"),
            (#"\bTask\.sleep\("#, "try await Task.sleep(for: .seconds(1))"),
        ].map { Deed(pattern: $0, example: $1, instead: "be given a clock, as by WorldClock") }

    /// A line without one of these does none of them: a cheap test before the exact ones.
    static let triggers = Set(
        deeds.flatMap { $0.pattern.replacing(#"\b"#, with: " ").names }
    ).subtracting(["nil", "now"])

    @Test func whatDecidesAndOperatesIsSilent() throws {
        let rules = try Self.deeds.map { (try $0.rule, $0) }
        let files = try Repository.swiftFiles(under: "Sources")
            .filter { Self.silent.contains($0.target) }
        let targets = Set(files.map(\.target))
        #expect(targets == Self.silent, "no file was found of a target that must be silent")
        for file in files {
            for (number, line) in file.lines.enumerated()
            where !Self.triggers.isDisjoint(with: line.names) {
                let code = line.withoutWords
                for (rule, deed) in rules where code.contains(rule) {
                    Issue.record(
                        "\(file.path):\(number + 1): '\(code.trimmed)': \(deed.instead)")
                }
            }
        }
    }

    @Test(arguments: deeds) func everyDeedIsSeen(_ deed: Deed) throws {
        let rule = try deed.rule
        #expect("        \(deed.example)".withoutWords.contains(rule))
        #expect(!Self.triggers.isDisjoint(with: deed.example.names))
        // A person may be told of it all the same.
        #expect(!"    // \(deed.example)".withoutWords.contains(rule))
    }
}

extension String {
    fileprivate var names: Set<Substring> {
        Set(split { !$0.isLetter && $0 != "_" })
    }

    /// A line of code without its comment and without the words in its quotation marks.
    fileprivate var withoutWords: String {
        var code = ""
        var isQuoted = false
        var previous: Character?
        for character in self {
            if character == "\"", previous != "\\" { isQuoted.toggle() }
            if !isQuoted, character == "/", previous == "/" {
                code.removeLast()
                break
            }
            if !isQuoted { code.append(character) }
            previous = character
        }
        return code
    }

    fileprivate var trimmed: String {
        String(drop { $0 == " " })
    }
}
