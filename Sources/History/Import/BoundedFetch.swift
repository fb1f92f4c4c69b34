import Foundation
import FoundationNetworking
import Synchronization

/// Fetches one answer over HTTP, of a bounded size and in a bounded time, from the server that was
/// named and from no other.
final class BoundedFetch: NSObject, URLSessionDataDelegate {
    /// Why there is no answer.
    enum Failure: Error {
        case tooLarge
        /// It sends to another server, which nobody named.
        case redirected(to: String)
        case failed(any Error)
    }

    private struct State {
        var data = Data()
        var failure: Failure?
        var waiting: CheckedContinuation<Data, any Error>?
    }

    private let most: Int
    private let origin: URL
    private let state = Mutex(State())

    private init(_ url: URL, most: Int) {
        origin = url
        self.most = most
    }

    /// Up to `most` bytes.
    static func data(from url: URL, most: Int) async throws -> Data {
        let fetch = BoundedFetch(url, most: most)
        let settings = URLSessionConfiguration.ephemeral
        settings.timeoutIntervalForRequest = 60
        settings.timeoutIntervalForResource = 600
        let session = URLSession(configuration: settings, delegate: fetch, delegateQueue: nil)
        defer { session.finishTasksAndInvalidate() }
        return try await withCheckedThrowingContinuation { waiting in
            fetch.state.withLock { $0.waiting = waiting }
            session.dataTask(with: url).resume()
        }
    }

    private func end(_ task: URLSessionTask, because failure: Failure) {
        state.withLock { $0.failure = $0.failure ?? failure }
        task.cancel()
    }

    // MARK: URLSessionDataDelegate

    func urlSession(
        _ session: URLSession, task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        let (from, to) = (origin, request.url)
        if from.host == to?.host, from.port == to?.port, from.scheme == to?.scheme {
            completionHandler(request)
        } else {
            // Foundation ends by a trap where a task is cancelled while it waits for this answer.
            state.withLock { $0.failure = $0.failure ?? .redirected(to: to?.host ?? "?") }
            completionHandler(nil)
        }
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLarge = state.withLock { state in
            guard state.data.count + data.count <= most else { return true }
            state.data += data
            return false
        }
        if isTooLarge { end(dataTask, because: .tooLarge) }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
    ) {
        let (waiting, result) = state.withLock { state in
            defer { state.waiting = nil }
            let result: Result<Data, any Error> =
                if let failure = state.failure {
                    .failure(failure)
                } else if let error {
                    .failure(Failure.failed(error))
                } else {
                    .success(state.data)
                }
            return (state.waiting, result)
        }
        waiting?.resume(with: result)
    }
}
