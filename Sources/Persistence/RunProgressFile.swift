package import ClusterModel
package import Execution
import Foundation
import Glibc

/// How far the running migrations of a run are: a small file beside the journal, written over again
/// and again by the process that drives the run, and read by those who watch it.
///
/// Nothing depends on it. Who reads while it is written finds nothing, and reads it again.
package struct RunProgressFile: Sendable {
    private struct Content: Codable {
        var run: RunID
        var steps: [StepID: MigrationProgress]
    }

    private static let fileName = "run.progress"

    private let path: String
    private let directory: String
    private let run: RunID

    package init(directory: String, run: RunID) {
        path = directory + "/" + Self.fileName
        self.directory = directory
        self.run = run
    }

    package func write(_ steps: [StepID: MigrationProgress]) {
        guard let data = try? CanonicalJSON.encode(Content(run: run, steps: steps)) else { return }
        FolderOwner.prepare(path, in: directory)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array(data)
        guard ftruncate(descriptor, 0) == 0 else { return }
        _ = pwrite(descriptor, bytes, bytes.count, 0)
    }

    /// Empty where the file is of another run, or not there.
    package func read() -> [StepID: MigrationProgress] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let content = try? CanonicalJSON.decode(Content.self, from: text), content.run == run
        else { return [:] }
        return content.steps
    }

    package func remove() { unlink(path) }
}
