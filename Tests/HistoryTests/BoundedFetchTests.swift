import Foundation
import TestSupport
import Testing

@testable import History

/// What a server may make of a request for series: not more than was asked for.
@Suite(.serialized, .timeLimit(.minutes(1))) struct BoundedFetchTests {
    private func url(_ server: WebServer, _ path: String = "/") throws -> URL {
        try #require(URL(string: server.address(path)))
    }

    @Test func `an answer of the size that is allowed comes whole`() async throws {
        let server = try WebServer { _ in .ok(String(repeating: "x", count: 5000)) }
        #expect(try await BoundedFetch.data(from: url(server), most: 5000).count == 5000)
    }

    @Test func `a larger one is not kept`() async throws {
        let server = try WebServer { _ in .ok(String(repeating: "x", count: 5001)) }
        await #expect {
            _ = try await BoundedFetch.data(from: url(server), most: 5000)
        } throws: { if case BoundedFetch.Failure.tooLarge = $0 { true } else { false } }
    }

    @Test func `another server is not asked, the same one is`() async throws {
        let other = try WebServer { _ in .ok("secret") }
        let elsewhere = other.address("/", host: "localhost")
        let server = try WebServer { request in
            request.hasPrefix("GET /own")
                ? .moved(to: "/there")
                : request.hasPrefix("GET /there")
                    ? .ok("mine")
                    : .moved(to: elsewhere)
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
