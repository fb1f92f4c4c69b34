import Foundation

/// A terminal's screen, as far as bars need one: what is written at its width, with what has
/// scrolled out at the top.
struct Screen {
    private(set) var columns: Int
    private(set) var rows: Int
    /// All lines that ever were, the cursor's being the last or above it.
    private(set) var lines: [String] = [""]
    private var row = 0
    private var column = 0
    private(set) var didWrap = false

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }

    mutating func write(_ text: String) {
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\r": column = 0
            case "\n": down()
            case "\u{1B}": escape(&rest)
            default: put(Character(scalar))
            }
        }
    }

    /// The lines with something on them.
    var text: [String] {
        lines.map { String($0.reversed().drop { $0 == " " }.reversed()) }.filter { !$0.isEmpty }
    }

    private mutating func put(_ character: Character) {
        if column >= columns {
            didWrap = true
            down()
            column = 0
        }
        var line = Array(lines[row])
        while line.count <= column { line.append(" ") }
        line[column] = character
        lines[row] = String(line)
        column += 1
    }

    /// As a terminal does it that turns a newline into a line feed with a carriage return.
    private mutating func down() {
        row += 1
        column = 0
        if row == lines.count { lines.append("") }
    }

    private mutating func escape(_ rest: inout Substring.UnicodeScalarView) {
        guard rest.popFirst() == "[" else { return }
        var digits = ""
        while let scalar = rest.popFirst() {
            if ("0"..."9").contains(scalar) {
                digits.unicodeScalars.append(scalar)
                continue
            }
            switch scalar {
            // The cursor cannot leave the screen at its top.
            case "A": row = max(max(0, lines.count - rows), row - (Int(digits) ?? 1))
            case "J":
                lines[row] = String(lines[row].prefix(column))
                lines.removeSubrange((row + 1)...)
            case "K": lines[row] = String(lines[row].prefix(column))
            default: break
            }
            return
        }
    }
}

/// A pseudo-terminal of a size, with a program of ours on its other end.
final class PseudoTerminal {
    private let own: Int32
    private let path: String

    init(columns: Int, rows: Int) throws {
        own = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        // TIOCSPTLCK and TIOCGPTN: what unlockpt and ptsname do, which Glibc's module leaves out.
        var locked: Int32 = 0
        var number: UInt32 = 0
        guard own >= 0, ioctl(own, 0x4004_5431, &locked) == 0, ioctl(own, 0x8004_5430, &number) == 0
        else {
            throw Impossible("there is no pseudo-terminal: \(String(cString: strerror(errno)))")
        }
        path = "/dev/pts/\(number)"
        resize(columns: columns, rows: rows)
    }

    deinit { close(own) }

    func resize(columns: Int, rows: Int) {
        var size = winsize(
            ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(own, UInt(TIOCSWINSZ), &size)
    }

    /// For a program to write to. It does not become anybody's controlling terminal.
    func otherEnd() throws -> FileHandle {
        let descriptor = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Impossible("\(path): \(errno)") }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    func read(forMilliseconds time: Int) -> String {
        var text = ""
        for _ in 0..<(time / 20) {
            text += read()
            usleep(20_000)
        }
        return text + read()
    }

    /// All that was written on it so far and not read yet, without waiting.
    func read() -> String {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        var entry = pollfd(fd: own, events: Int16(POLLIN), revents: 0)
        while poll(&entry, 1, 0) == 1, entry.revents & Int16(POLLIN) != 0 {
            let count = Glibc.read(own, &piece, piece.count)
            guard count > 0 else { break }
            bytes += piece.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
