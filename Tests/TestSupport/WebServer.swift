import Foundation

/// A web server of this machine for one test: it answers each request, one after the other, with
/// what the test makes of it, and ends with its last user.
package final class WebServer: @unchecked Sendable {
    /// A request, from its first line on: `GET /path?query HTTP/1.1`.
    package typealias Answer = @Sendable (String) -> WebAnswer

    private let socket: Int32
    private let port: UInt16

    package init(_ answer: @escaping Answer) throws {
        let listener = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        socket = listener
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 8) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread {
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                Self.serve(client, answer)
                close(client)
            }
        }
    }

    deinit {
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
    }

    /// Where it listens, as others may be told: `http://localhost:8080/path`.
    package func address(_ path: String = "", host: String = "127.0.0.1") -> String {
        "http://\(host):\(port)\(path)"
    }

    private static func serve(_ client: Int32, _ answer: Answer) {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(client, &bytes, bytes.count)
        let text = Array(answer(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)).text)
        var sent = 0
        while sent < text.count {
            // Who asked may have had enough.
            let more = text[sent...].withUnsafeBytes {
                send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard more > 0 else { return }
            sent += more
        }
    }
}

/// What a server says.
package enum WebAnswer: Sendable {
    case ok(String)
    /// Look there.
    case moved(to: String)

    fileprivate var text: String.UTF8View {
        switch self {
        case .ok(let body): Self.head("200 OK", length: body.utf8.count, body)
        case .moved(let place): Self.head("302 Found\r\nLocation: \(place)", length: 0, "")
        }
    }

    private static func head(_ status: String, length: Int, _ body: String) -> String.UTF8View {
        "HTTP/1.1 \(status)\r\nContent-Length: \(length)\r\nConnection: close\r\n\r\n\(body)".utf8
    }
}
