import Foundation
import Glibc
import Testing

@testable import History

/// What a server may make of a request for series: not more than was asked for.
@Suite(.serialized, .timeLimit(.minutes(1))) struct BoundedFetchTests {
    /// Answers each request with these bytes, on one thread.
    private final class Server: @unchecked Sendable {
        private let socket: Int32
        let port: UInt16

        init(_ answer: @escaping @Sendable (String) -> String) throws {
            socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let own = socket
            let isBound = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(own, $0, length) == 0 && listen(own, 8) == 0
                        && getsockname(own, $0, &length) == 0
                }
            }
            guard isBound else { throw POSIXError(.EADDRINUSE) }
            port = UInt16(bigEndian: address.sin_port)
            Thread.detachNewThread {
                while true {
                    let client = accept(own, nil, nil)
                    guard client >= 0 else { return }
                    var bytes = [UInt8](repeating: 0, count: 65_536)
                    let count = read(client, &bytes, bytes.count)
                    let text = answer(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self))
                    _ = text.withCString {
                        send(client, $0, strlen($0), Int32(MSG_NOSIGNAL))
                    }
                    close(client)
                }
            }
        }

        deinit {
            shutdown(socket, Int32(SHUT_RDWR))
            close(socket)
        }
    }

    private static func ok(_ body: String) -> String {
        "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
    }

    private static func moved(to place: String) -> String {
        "HTTP/1.1 302 Found\r\nLocation: \(place)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    }

    private func url(_ server: Server, _ path: String = "/") throws -> URL {
        try #require(URL(string: "http://127.0.0.1:\(server.port)\(path)"))
    }

    @Test func `an answer of the size that is allowed comes whole`() async throws {
        let server = try Server { _ in Self.ok(String(repeating: "x", count: 5000)) }
        #expect(try await BoundedFetch.data(from: url(server), most: 5000).count == 5000)
    }

    @Test func `a larger one is not kept`() async throws {
        let server = try Server { _ in Self.ok(String(repeating: "x", count: 5001)) }
        await #expect {
            _ = try await BoundedFetch.data(from: url(server), most: 5000)
        } throws: { if case BoundedFetch.Failure.tooLarge = $0 { true } else { false } }
    }

    @Test func `another server is not asked, the same one is`() async throws {
        let other = try Server { _ in Self.ok("secret") }
        let port = other.port
        let server = try Server { request in
            request.hasPrefix("GET /own")
                ? Self.moved(to: "/there")
                : request.hasPrefix("GET /there")
                    ? Self.ok("mine")
                    : Self.moved(to: "http://localhost:\(port)/")
        }
        await #expect {
            _ = try await BoundedFetch.data(from: url(server), most: 5000)
        } throws: {
            if case BoundedFetch.Failure.redirected(let host) = $0 {
                host == "localhost"
            } else {
                false
            }
        }
        #expect(
            try await BoundedFetch.data(from: url(server, "/own"), most: 5000) == Data("mine".utf8))
    }

    @Test func `a password is never printed`() throws {
        #expect(try Prometheus("http://u:geheim@nas:9090").name == "http://u:***@nas:9090")
        #expect(try Prometheus("http://nas:9090").name == "http://nas:9090")
        #expect {
            _ = try Prometheus("ftp://u:geheim@nas")
        } throws: { !"\($0)".contains("geheim") && "\($0)".contains("nas") }
    }
}
