import ClusterModel

/// A CSV file of which some columns are wanted, by name.
struct CSVTable {
    private(set) var lines: LineSource
    private let places: [Int]
    private let count: Int

    init(_ file: String, _ columns: [String]) throws {
        var lines = try LineSource(file)
        guard let header = try lines.next() else { throw lines.error("the file is empty") }
        let names = try CSVLine.fields(header, lines)
        places = try columns.map { column in
            guard let place = names.firstIndex(of: column) else {
                throw lines.error(
                    "there is no column '\(column)'; there are \(names.joined(separator: ", "))")
            }
            return place
        }
        count = names.count
        self.lines = lines
    }

    /// The wanted fields of the next line.
    mutating func next() throws -> [String]? {
        guard let line = try lines.next() else { return nil }
        let fields = try CSVLine.fields(line, lines)
        guard fields.count == count else {
            throw lines.error("\(fields.count) fields, not \(count)")
        }
        return places.map { fields[$0] }
    }

    func number(_ text: String, _ range: ClosedRange<Double>) throws -> Double {
        guard let value = Double(text), value.isFinite, range.contains(value) else {
            throw lines.error(
                "'\(text)' is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// From 1970 to 2099.
    private static let times: Range<Int64> = 0..<4_102_444_800_000

    func time(_ text: String) throws -> Timestamp {
        if let time = Timestamp(text), Self.times.contains(time.milliseconds) { return time }
        guard let value = Int64(text), Self.times.contains(value) else {
            throw lines.error(
                "'\(text)' is neither a date from 1970 to 2099 nor seconds since 1970")
        }
        // What would be later than the year 5000 in seconds is milliseconds.
        return value > 100_000_000_000
            ? Timestamp(milliseconds: value) : Timestamp(seconds: value)
    }
}

extension HistoryImporter {
    /// Adds a value; what is wrong with it is said with file and line.
    mutating func add(
        _ guest: Guest, at time: Timestamp, use: Int64, in lines: LineSource
    ) async throws {
        do {
            try await add(guest, at: time, use: use)
        } catch let error as Refused {
            throw lines.error("\(guest.name): \(error.message)")
        }
    }
}
