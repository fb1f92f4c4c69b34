package import ClusterModel

extension SplitMix64 {
    /// True in `percent` of all cases.
    package mutating func chance(_ percent: Int) -> Bool { Int(next() % 100) < percent }

    package mutating func number(in range: ClosedRange<Int64>) -> Int64 {
        Int64.random(in: range, using: &self)
    }

    package mutating func pick<Element>(_ elements: [Element]) -> Element? {
        elements.randomElement(using: &self)
    }
}
