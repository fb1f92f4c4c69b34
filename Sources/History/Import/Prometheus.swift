import ClusterModel
import Foundation
import Operations

/// A Prometheus server's range API.
package struct Prometheus {
    /// One time series.
    struct Series: Decodable {
        struct Value: Decodable {
            var time: Double
            var value: Double

            init(from decoder: any Decoder) throws {
                var pair = try decoder.unkeyedContainer()
                time = try pair.decode(Double.self)
                let text = try pair.decode(String.self)
                guard let number = Double(text), number.isFinite else {
                    throw DecodingError.dataCorruptedError(
                        in: pair, debugDescription: "'\(text)' is not a number")
                }
                value = number
            }
        }

        var metric: [String: String]
        var values: [Value]
    }

    private struct Answer: Decodable {
        struct Payload: Decodable { var result: [Series] }
        var status: String
        var error: String?
        var data: Payload?
    }

    private let base: URL
    /// As it may be printed: without the password that a URL can hold.
    let name: String

    /// Of one answer, which is read whole.
    private static let mostBytes = 64 << 20

    package init(_ server: String) throws {
        guard let url = URL(string: server), let scheme = url.scheme,
            ["http", "https"].contains(scheme), url.host != nil
        else {
            // What stands before an @ may be a password.
            let shown = server.split(separator: "@").last ?? ""
            throw CommandError("'\(shown)' is not a server such as http://localhost:9090")
        }
        base = url
        var parts = URLComponents(url: url, resolvingAgainstBaseURL: false)
        if parts?.password != nil { parts?.password = "***" }
        name = parts?.string ?? "\(scheme)://\(url.host ?? "?")"
    }

    /// Why a server gave no series.
    struct TooLarge: Error {}

    func range(
        _ query: String, from start: Timestamp, to end: Timestamp, step: Int64
    ) async throws -> [Series] {
        var parts = URLComponents(
            url: base.appendingPathComponent("api/v1/query_range"), resolvingAgainstBaseURL: false)
        parts?.queryItems = [
            URLQueryItem(name: "query", value: query),
            URLQueryItem(name: "start", value: "\(Double(start.milliseconds) / 1000)"),
            URLQueryItem(name: "end", value: "\(Double(end.milliseconds) / 1000)"),
            URLQueryItem(name: "step", value: "\(step)"),
        ]
        guard let url = parts?.url else { throw CommandError("\(name) is not an address") }
        let data = try await fetch(url)
        return try Self.series(in: data, from: name)
    }

    /// The series of an answer of a server of this name.
    static func series(in data: Data, from name: String) throws -> [Series] {
        let answer: Answer
        do {
            answer = try JSONDecoder().decode(Answer.self, from: data)
        } catch let error as DecodingError {
            throw CommandError(
                "\(name) does not answer like Prometheus: \(error.explanation)", exit: .failed)
        }
        guard answer.status == "success", let payload = answer.data else {
            throw CommandError(
                "\(name): \(answer.error ?? "the query failed")", exit: .failed)
        }
        return payload.result
    }

    /// Throws `TooLarge` where fewer moments must be asked for.
    private func fetch(_ url: URL) async throws -> Data {
        do {
            return try await BoundedFetch.data(from: url, most: Self.mostBytes)
        } catch BoundedFetch.Failure.tooLarge {
            throw TooLarge()
        } catch BoundedFetch.Failure.redirected(let host) {
            throw CommandError(
                "\(name) redirects to \(host), which is not followed: name that server, if it is "
                    + "the right one", exit: .failed)
        } catch BoundedFetch.Failure.failed(let error) {
            throw CommandError("\(name) does not answer: \(error.reason)", exit: .failed)
        }
    }
}
