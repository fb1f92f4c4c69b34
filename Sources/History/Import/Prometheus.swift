import ClusterModel
import Foundation
import FoundationNetworking
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

    package init(_ server: String) throws {
        guard let url = URL(string: server), let scheme = url.scheme,
            ["http", "https"].contains(scheme), url.host != nil
        else { throw CommandError("'\(server)' is not a server such as http://localhost:9090") }
        base = url
    }

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
        guard let url = parts?.url else { throw CommandError("\(base) is not an address") }
        let data: Data
        do {
            (data, _) = try await URLSession.shared.data(from: url)
        } catch {
            throw CommandError("\(base) does not answer: \(error.reason)", exit: .failed)
        }
        let answer: Answer
        do {
            answer = try JSONDecoder().decode(Answer.self, from: data)
        } catch let error as DecodingError {
            throw CommandError(
                "\(base) does not answer like Prometheus: \(error.explanation)", exit: .failed)
        }
        guard answer.status == "success", let payload = answer.data else {
            throw CommandError(
                "\(base): \(answer.error ?? "the query failed")", exit: .failed)
        }
        return payload.result
    }
}
