import Foundation

/// The process's two streams. Standard output carries results, standard error everything else.
enum Console {
    /// Text for people: names come from others, and must not steer the terminal.
    static func out(_ text: String) { write(Format.visible(text) + "\n", to: .standardOutput) }
    static func err(_ text: String) { write(Format.visible(text) + "\n", to: .standardError) }
    /// A document for programs, as it is.
    static func outJSON(_ value: some Encodable) throws {
        write(try JSON.text(value) + "\n", to: .standardOutput)
    }
    static func outRaw(_ text: String) { write(text, to: .standardOutput) }
    static func errRaw(_ text: String) { write(text, to: .standardError) }

    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }
    static var isOutputTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
    static var isInputTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// Colours only on a terminal, and never against the user's word (no-color.org).
    static var hasColor: Bool {
        isOutputTerminal && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
    }

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

    /// Asks a yes-or-no question on the terminal; anything but yes is no.
    static func confirm(_ question: String) -> Bool {
        errRaw("\(question) [y/N] ")
        let answer = readLine()?.lowercased().trimmingCharacters(in: .whitespaces) ?? ""
        return answer == "y" || answer == "yes"
    }
}
