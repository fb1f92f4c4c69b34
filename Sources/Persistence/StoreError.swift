/// An operating error at the border to our own files: which file, what was tried, what came of it
/// and what to do.
package struct StoreError: Error, Hashable, Sendable {
    /// What callers decide on; everything else is for people.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Written by a version of kvmbalance that knows more than this one.
        case newer
        /// Bytes that do not make sense, or a record that cannot be read.
        case corrupt
        /// A file of another kind lies where ours should.
        case foreign
        case notWritable = "not-writable"
        /// Others could have put it there.
        case exposed
        case diskFull = "disk-full"
        /// On storage of the network.
        case remote
        case locked
        /// What was asked for is not there.
        case missing
        case failed
    }

    package var kind: Kind
    package var file: String
    package var operation: String
    package var message: String
    package var remedy: String?

    package init(
        kind: Kind, file: String, operation: String, message: String, remedy: String? = nil
    ) {
        self.kind = kind
        self.file = file
        self.operation = operation
        self.message = message
        self.remedy = remedy
    }
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        "\(operation) \(file): \(message)" + (remedy.map { ". Maybe \($0)" } ?? "")
    }
}
