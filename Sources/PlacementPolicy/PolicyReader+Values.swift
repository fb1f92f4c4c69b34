import ClusterModel

/// The kinds of values that policies are made of, with what to say when they are written wrong.
extension PolicyReader {
    static func size(_ table: YAMLTable, _ key: String) throws(PolicyError) -> Bytes? {
        try table.scalar(
            key,
            "a size with a binary unit: KiB, MiB, GiB or TiB, such as 4GiB, of 1024TiB at most",
            Quantity.bytes)
    }

    static func cpus(
        _ table: YAMLTable, _ key: String, upTo most: MilliCPU = Quantity.mostCPU
    ) throws(PolicyError) -> MilliCPU? {
        try table.scalar(
            key, "a number of CPUs without a unit, such as 0.5, of \(most.count / 1000) at most"
        ) {
            Quantity.thousandths($0).flatMap { $0 <= most.count ? MilliCPU($0) : nil }
        }
    }

    static func factor(_ table: YAMLTable, _ key: String) throws(PolicyError) -> Int64? {
        try table.scalar(key, "a factor from 0.1 to 100, such as 1.0 or 1.5") {
            Quantity.thousandths($0).flatMap { (100...100_000).contains($0) ? $0 : nil }
        }
    }

    static func seconds(
        _ table: YAMLTable, _ key: String, upToDays days: Int64 = Quantity.mostSeconds / 86_400
    ) throws(PolicyError) -> Int64? {
        try table.scalar(
            key,
            "a time above zero with a unit: s, m, h or d, such as 15m, of \(days)d at most"
        ) {
            Quantity.seconds($0).flatMap { (1...days * 86_400).contains($0) ? $0 : nil }
        }
    }

    static func whole(
        _ table: YAMLTable, _ key: String, _ range: ClosedRange<Int>
    ) throws(PolicyError) -> Int? {
        try table.scalar(
            key, "a whole number from \(range.lowerBound) to \(range.upperBound), without a unit"
        ) {
            Int($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    static func flag(_ table: YAMLTable, _ key: String) throws(PolicyError) -> Bool? {
        try table.scalar(key, "true or false") {
            $0 == "true" ? true : $0 == "false" ? false : nil
        }
    }

    static func patterns(_ table: YAMLTable, _ key: String) throws(PolicyError) -> [NamePattern]? {
        try table.strings(key)?.map { NamePattern($0) }
    }
}

/// What domains take beside their guests' memory.
extension PolicyReader {
    /// The parts one by one, or with the older `perDomainOverhead` one figure for all.
    static func overhead(_ table: YAMLTable) throws(PolicyError) -> DomainOverhead? {
        if let size = try overheadSize(table, "perDomainOverhead", "128MiB", .gibibytes(1024)) {
            guard !table.has("overhead") else {
                throw table.error(
                    "'overhead' and 'perDomainOverhead' exclude each other: the latter is one "
                        + "figure for every domain", at: "perDomainOverhead")
            }
            return .only(size)
        }
        guard let parts = try section(table, "overhead") else { return nil }
        var overhead = DomainOverhead()
        overhead.fixed =
            try overheadSize(parts, "fixed", "128MiB", .gibibytes(1024)) ?? overhead.fixed
        overhead.memoryShare = try percent(parts, "memory") ?? overhead.memoryShare
        overhead.perVCPU =
            try overheadSize(parts, "perVCPU", "8MiB", .gibibytes(1)) ?? overhead.perVCPU
        return overhead
    }

    /// It counts once for every domain, and there may be many.
    private static func overheadSize(
        _ table: YAMLTable, _ key: String, _ example: String, _ most: Bytes
    ) throws(PolicyError) -> Bytes? {
        let limit = "\(most)".filter { $0 != " " }
        return try table.scalar(
            key, "a size with a binary unit, such as \(example), of \(limit) at most"
        ) { Quantity.bytes($0).flatMap { $0 <= most ? $0 : nil } }
    }
}
