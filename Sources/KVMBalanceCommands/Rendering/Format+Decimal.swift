import Foundation

extension Format {
    /// `12.3`: with as many places as asked for, and no more than a person reads.
    static func decimal(_ value: Double, _ places: Int) -> String {
        String(format: "%.\(places)f", value)
    }
}
