internal import CLibvirt

/// libvirt's typed parameters as values: a name and a number or a text.
struct TypedParameters: Sendable {
    /// One parameter's value. Numbers that do not fit are kept as nothing.
    enum Value: Hashable, Sendable {
        case integer(Int64)
        case real(Double)
        case text(String)
    }

    private(set) var values: [String: Value] = [:]

    init(_ values: [String: Value] = [:]) { self.values = values }

    /// Copies; the caller keeps and frees what libvirt gave it.
    init(_ parameters: virTypedParameterPtr?, count: Int32) {
        for parameter in UnsafeBufferPointer(start: parameters, count: Int(max(0, count))) {
            let name = fixedString(parameter.field)
            if let value = Self.value(of: parameter) { values[name] = value }
        }
    }

    private static func value(of parameter: virTypedParameter) -> Value? {
        switch virTypedParameterType(UInt32(bitPattern: parameter.type)) {
        case VIR_TYPED_PARAM_INT: .integer(Int64(parameter.value.i))
        case VIR_TYPED_PARAM_UINT: .integer(Int64(parameter.value.ui))
        case VIR_TYPED_PARAM_LLONG: .integer(parameter.value.l)
        case VIR_TYPED_PARAM_ULLONG: Int64(exactly: parameter.value.ul).map { .integer($0) }
        case VIR_TYPED_PARAM_BOOLEAN: .integer(parameter.value.b == 0 ? 0 : 1)
        case VIR_TYPED_PARAM_DOUBLE: .real(parameter.value.d)
        case VIR_TYPED_PARAM_STRING: parameter.value.s.map { .text(String(cString: $0)) }
        default: nil
        }
    }

    var isEmpty: Bool { values.isEmpty }

    func integer(_ name: String) -> Int64? {
        guard case .integer(let number) = values[name] else { return nil }
        return number
    }

    func text(_ name: String) -> String? {
        guard case .text(let text) = values[name] else { return nil }
        return text
    }
}

/// The text in one of libvirt's fixed arrays of characters, which Swift sees as a tuple.
func fixedString<Characters>(_ characters: Characters) -> String {
    withUnsafeBytes(of: characters) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}

/// Parameters for a call, in libvirt's own memory until it is let go.
final class ParameterList {
    private var pointer: virTypedParameterPtr?
    private var count: Int32 = 0
    private var capacity: Int32 = 0

    init() { LibvirtRuntime.start() }

    deinit { virTypedParamsFree(pointer, count) }

    /// Lends the list for one call and keeps it meanwhile (see `ConnectionHandle.use`).
    func use<Value>(_ call: (virTypedParameterPtr?, UInt32) -> Value) -> Value {
        withExtendedLifetime(self) { call(pointer, UInt32(count)) }
    }

    func add(_ name: String, _ value: String) throws(LibvirtFailure) {
        try checked(virTypedParamsAddString(&pointer, &count, &capacity, name, value))
    }

    func add(_ name: String, _ value: Int32) throws(LibvirtFailure) {
        try checked(virTypedParamsAddInt(&pointer, &count, &capacity, name, value))
    }

    func add(_ name: String, _ value: UInt64) throws(LibvirtFailure) {
        try checked(virTypedParamsAddULLong(&pointer, &count, &capacity, name, value))
    }
}
