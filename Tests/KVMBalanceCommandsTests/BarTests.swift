import Foundation
import Testing

@testable import KVMBalanceCommands
@testable import Operations
@testable import Rendering

/// Bars at the foot of a terminal: they fit it, and nothing is left of them.
struct BarTests {
    private let line = ProgressLine(
        fraction: 0.5, name: "web1 host1 -> host2",
        figures: ["77.8 MiB left at 3.7 MiB/s", "dirtied 1.5 MiB/s", "round 1"])

    @Test func aLineGivesUpWhatMattersLeast() {
        #expect(
            line.text(columns: 200)
                == "  [############------------] web1 host1 -> host2  77.8 MiB left at 3.7 MiB/s, "
                + "dirtied 1.5 MiB/s, round 1")
        #expect(
            line.text(columns: 100)
                == "  [#####-----] web1 host1 -> host2  77.8 MiB left at 3.7 MiB/s, dirtied 1.5 "
                + "MiB/s, round 1")
        #expect(
            line.text(columns: 79)
                == "  [#####-----] web1 host1 -> host2  77.8 MiB left at 3.7 MiB/s")
        #expect(
            line.text(columns: 55)
                == "  [#####-----] web1 host1 …  77.8 MiB left at 3.7 MiB/s")
        for columns in 1...120 {
            #expect(Format.columns(line.text(columns: columns)) <= columns)
        }
    }

    @Test(arguments: [
        String(repeating: "long", count: 60), String(repeating: "漢字", count: 40),
        "größe-ж", "evil\u{9B}31m\u{1B}[2J\u{202E}name", "two\nlines",
    ])
    func namesOfAnyKindFit(_ name: String) {
        let line = ProgressLine(
            fraction: 0.1, name: "\(name) host1 -> host2", figures: ["4 GiB left at 1 GiB/s"])
        for columns in [20, 40, 60, 79, 200] {
            let text = line.text(columns: columns)
            #expect(Format.columns(text) <= columns)
            #expect(!text.unicodeScalars.contains { $0.value < 0x20 || (0x7F..<0xA0) ~= $0.value })
        }
        #expect(line.text(columns: 79).contains("4 GiB left"))
    }

    @Test func wideLettersTakeTwoColumns() {
        #expect(Format.columns("größe") == 5 && Format.columns("漢字") == 4)
        #expect(Format.columns("e\u{301}") == 1)
        #expect(Format.cut("漢字漢字", to: 6) == "漢字…" && Format.cut("abc", to: 3) == "abc")
        var table = Table("NAME", "X")
        table.add("漢字", "1")
        table.add("abcd", "2")
        #expect(table.text == "NAME  X\n漢字  1\nabcd  2")
    }

    @Test func whatIsSaidComesAboveAndNothingIsLeft() {
        var foot = TerminalFoot()
        let size = TerminalFoot.Size(columns: 60, rows: 24)
        var screen = Screen(columns: 60, rows: 24)
        screen.write(foot.show([line, line], on: size))
        // The terminal itself shows the key that was pressed.
        screen.write("^C")
        screen.write(foot.say("one\n", on: size))
        screen.write(foot.say("two\n", on: size))
        screen.write(foot.show([line], on: size))
        screen.write(foot.say("three\n", on: size))
        #expect(screen.text.count == 4)
        screen.write(foot.show([], on: size))
        #expect(screen.text == ["one", "two", "three"])
        #expect(!screen.didWrap && foot.isEmpty)
    }

    @Test func aNarrowerTerminalBreaksWhatWasDrawn() {
        var foot = TerminalFoot()
        _ = foot.show([line, line], on: TerminalFoot.Size(columns: 120, rows: 24))
        // 106 columns each: two rows each at 60 columns, three at 40.
        var copy = foot
        #expect(
            copy.show([], on: TerminalFoot.Size(columns: 60, rows: 24)) == "\r\u{1B}[4A\u{1B}[J")
        #expect(
            foot.show([], on: TerminalFoot.Size(columns: 40, rows: 24)) == "\r\u{1B}[6A\u{1B}[J")
    }

    @Test func moreBarsThanRowsAreCounted() {
        var foot = TerminalFoot()
        let size = TerminalFoot.Size(columns: 80, rows: 10)
        let total = ProgressLine(fraction: 0, name: "0 of 30 migrations")
        let lines = Array(repeating: line, count: 30) + [total]
        var screen = Screen(columns: 80, rows: 10)
        for _ in 1...20 { screen.write(foot.show(lines, on: size)) }
        #expect(screen.text.count == 9)
        #expect(screen.text[7] == "  … and 23 more")
        #expect(screen.text[8].contains("0 of 30 migrations"))
        screen.write(foot.show([], on: size))
        #expect(screen.text.isEmpty)
    }
}

/// A run on a terminal of 80 columns by 24 rows, and on one that cannot draw.
@Suite(.serialized) struct TerminalRunTests {
    private func drain(
        _ terminal: PseudoTerminal, as kind: String,
        during: (Process) throws -> String = { _ in "" }
    ) throws -> (status: Int32, written: String) {
        // Slow enough to draw many times.
        let play = try Playground(hosts: 3, domains: 6, speed: 3)
        try play.editDomain("vm001") { domain in
            var domain = domain
            var facts = domain["facts"] as? [String: Any] ?? [:]
            facts["name"] = "evil\u{9B}31m-" + String(repeating: "漢字", count: 20)
            domain["facts"] = facts
            return domain
        }
        let program = Process()
        program.executableURL = URL(fileURLWithPath: Program.path)
        program.arguments = ["drain", "host1", "--yes", "--config", play.config]
        program.environment = ProcessInfo.processInfo.environment.merging(["TERM": kind]) { $1 }
        program.standardInput = FileHandle.nullDevice
        program.standardOutput = FileHandle.nullDevice
        program.standardError = try terminal.otherEnd()
        try program.run()
        var written = try during(program)
        // A terminal that nobody reads would hold the program.
        while program.isRunning {
            written += terminal.read()
            usleep(20_000)
        }
        return (program.terminationStatus, written + terminal.read())
    }

    @Test func barsFitAndAreGoneInTheEnd() throws {
        let terminal = try PseudoTerminal(columns: 80, rows: 24)
        let (status, written) = try drain(terminal, as: "xterm")
        #expect(status == 0, "\(written)")
        #expect(written.contains("migrations  about") && !written.contains("\u{9B}"))
        #expect(bars(written).count > 3)
        for bar in bars(written) { #expect(Format.columns(bar) < 80, "\(bar)") }
        var screen = Screen(columns: 80, rows: 24)
        screen.write(written)
        #expect(
            !screen.text.contains { $0.contains("[##") || $0.contains("[--") }, "\(screen.text)")
    }

    private func bars(_ written: String) -> [String] {
        written.split(whereSeparator: \.isNewline).filter { $0.contains("[K") }.map {
            String($0.replacing(/\u{1B}\[\d*[A-Z]/, with: "").replacing("\r", with: ""))
        }
    }

    @Test func aTerminalMayBeResizedMeanwhile() throws {
        let terminal = try PseudoTerminal(columns: 120, rows: 24)
        var wide = ""
        let (status, written) = try drain(terminal, as: "xterm") { _ in
            wide = terminal.read(forMilliseconds: 1200)
            terminal.resize(columns: 50, rows: 24)
            // What was being drawn just then.
            _ = terminal.read(forMilliseconds: 300)
            return ""
        }
        #expect(status == 0, "\(written)")
        #expect(bars(wide).contains { Format.columns($0) > 50 })
        #expect(bars(written).count > 3)
        for bar in bars(written) { #expect(Format.columns(bar) < 50, "\(bar)") }
    }

    @Test func aDumbTerminalGetsPlainLines() throws {
        let terminal = try PseudoTerminal(columns: 80, rows: 24)
        let (status, written) = try drain(terminal, as: "dumb")
        #expect(status == 0, "\(written)")
        #expect(written.contains("migrating") && written.contains("arrived"))
        #expect(!written.contains("\u{1B}") && !written.contains("[--"))
    }

    @Test func stoppingLeavesNoBar() throws {
        let terminal = try PseudoTerminal(columns: 80, rows: 24)
        let (status, written) = try drain(terminal, as: "xterm") { program in
            let before = terminal.read(forMilliseconds: 1500)
            program.interrupt()
            return before
        }
        #expect(status == 1, "\(written)")
        #expect(written.contains("no new migration starts"))
        var screen = Screen(columns: 80, rows: 24)
        screen.write(written)
        #expect(
            !screen.text.contains { $0.contains("[##") || $0.contains("[--") }, "\(screen.text)")
    }
}
