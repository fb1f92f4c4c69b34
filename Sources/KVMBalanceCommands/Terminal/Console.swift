import Foundation
import Operations
import Rendering
import Synchronization

/// The process's two streams. Standard output carries results, standard error everything else.
///
/// Nothing else in the program writes to either: here all that others wrote (names, messages of
/// daemons, contents of files) loses the power to steer a terminal. A document's lines are its
/// maker's: what makes one puts each outside text on one line (`Format.oneLine`, `wrapped`,
/// `Table`).
enum Console {
    /// Text for people: names come from others, and must not steer the terminal.
    static func out(_ text: String) { write(Format.visible(text) + "\n", to: .standardOutput) }
    static func err(_ text: String) {
        let line = Format.visible(text) + "\n"
        foot.withLock { foot in
            write(foot.isEmpty ? line : foot.say(line, on: errorSize), to: .standardError)
        }
    }
    /// Bars at the foot of standard error's terminal, in place of those before. Whatever is said
    /// meanwhile, by whomever, comes above them.
    static func show(_ bars: [ProgressLine]) {
        foot.withLock { write($0.show(bars, on: errorSize), to: .standardError) }
    }
    private static let foot = Mutex(TerminalFoot())
    /// One line, whatever was put into it.
    static func line(_ text: String) { out(Format.oneLine(text)) }
    static func errLine(_ text: String) { err(Format.oneLine(text)) }
    /// A document for programs.
    static func outJSON(_ value: some Encodable) throws {
        write(try JSON.text(value) + "\n", to: .standardOutput)
    }
    /// Clears the terminal that results go to, if there is one.
    static func clear() {
        if isOutputTerminal { write("\u{1B}[H\u{1B}[2J", to: .standardOutput) }
    }

    /// Can lines be drawn over on standard error? Not in a file, nor on a terminal that says it is
    /// dumb.
    static var isErrorTerminal: Bool {
        let name = ProcessInfo.processInfo.environment["TERM"] ?? ""
        return isatty(STDERR_FILENO) == 1 && !name.isEmpty && name != "dumb"
    }
    static var isOutputTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    static var isInputTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// A reader that went away (`| head`) is no reason to fail.
    private static func write(_ text: String, to handle: FileHandle) {
        try? handle.write(contentsOf: Data(text.utf8))
    }

    /// Columns of the terminal that results go to; nil where they go to a file or a program.
    static var width: Int? {
        var size = winsize()
        guard isOutputTerminal, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0,
            size.ws_col >= 40
        else { return nil }
        return Int(size.ws_col)
    }

    /// Of the terminal that standard error goes to, as it is now.
    private static var errorSize: TerminalFoot.Size {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0
        else { return .usual }
        return TerminalFoot.Size(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }

    /// Asks a yes-or-no question on the terminal; anything but yes is no.
    static func confirm(_ question: String) -> Bool {
        write("\(Format.oneLine(question)) [y/N] ", to: .standardError)
        let answer = readLine()?.lowercased().trimmingCharacters(in: .whitespaces) ?? ""
        return answer == "y" || answer == "yes"
    }
}
