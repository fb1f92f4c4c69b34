/// A value kept behind one reference and copied when it is changed: large facts that many
/// short-lived copies of the world share cost one count instead of dozens. Reads, compares and is
/// coded as the value itself.
@propertyWrapper
package struct Boxed<Value: Sendable>: Sendable {
    private final class Storage: Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

    private var storage: Storage

    package init(wrappedValue: Value) { storage = Storage(wrappedValue) }

    package var wrappedValue: Value {
        _read { yield storage.value }
        set { storage = Storage(newValue) }
    }
}

extension Boxed: Equatable where Value: Equatable {
    package static func == (left: Self, right: Self) -> Bool {
        left.storage === right.storage || left.storage.value == right.storage.value
    }
}

extension Boxed: Hashable where Value: Hashable {
    package func hash(into hasher: inout Hasher) { storage.value.hash(into: &hasher) }
}

extension Boxed: Decodable where Value: Decodable {
    package init(from decoder: any Decoder) throws {
        self.init(wrappedValue: try Value(from: decoder))
    }
}

extension Boxed: Encodable where Value: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try storage.value.encode(to: encoder)
    }
}
