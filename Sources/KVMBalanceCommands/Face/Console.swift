import Foundation

/// The process's two streams. Standard output carries results, standard error everything else.
enum Console {
    static func out(_ text: String) { write(text + "\n", to: .standardOutput) }
    static func err(_ text: String) { write(text + "\n", to: .standardError) }
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

    /// Asks a yes-or-no question on the terminal; anything but yes is no.
    static func confirm(_ question: String) -> Bool {
        errRaw("\(question) [y/N] ")
        let answer = readLine()?.lowercased() ?? ""
        return answer == "y" || answer == "yes"
    }
}
