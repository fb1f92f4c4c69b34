import ClusterModel
import Foundation

/// JSON with sorted keys, so that equal values have equal bytes.
package enum JSON {
    package static func text<Value: Encodable>(_ value: Value) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return OutsideText.json(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Reads a file; what is wrong with it is said with the file's name and `what` it should be.
    package static func read<Value: Decodable>(
        _ type: Value.Type, _ what: String, from path: String
    ) throws -> Value {
        let text = try TextFile.read(path)
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch let error as DecodingError {
            throw CommandError("\(path) is not \(what): \(error.explanation)")
        }
    }

    /// As `TextFile.write` does it.
    package static func save<Value: Encodable>(_ value: Value, to path: String) throws {
        try TextFile.write(try text(value) + "\n", to: path)
    }
}

extension DecodingError {
    /// The place in the document and what is wrong there.
    package var explanation: String {
        switch self {
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            "it is not JSON, or was cut off"
        case .typeMismatch(_, let context), .valueNotFound(_, let context),
            .dataCorrupted(let context):
            "\(Self.place(context)): \(context.debugDescription)"
        case .keyNotFound(let key, let context):
            "\(Self.place(context)) lacks '\(key.stringValue)'"
        @unknown default: "\(self)"
        }
    }

    private static func place(_ context: Context) -> String {
        let path = context.codingPath.reduce(into: "") { path, key in
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += path.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        return path.isEmpty ? "the document" : "'\(path)'"
    }
}

extension Error {
    /// Foundation's words for a file error, without its wrapping.
    package var reason: String {
        let error = self as NSError
        let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError
        return (underlying ?? error).localizedDescription
    }
}
