package import ClusterModel
import PlacementPolicy

/// By when a drain is to be over, as a person said it.
package struct DrainDeadline: Sendable {
    package let time: Timestamp
    /// In the words of the command line.
    let words: String
    /// Of a moment, by the clock on the wall: minutes since midnight.
    private let minuteOfDay: @Sendable (Timestamp) -> Int

    private static let minuteMilliseconds: Int64 = 60_000
    private static let day = 1440

    /// From a time of day (`22:00`, within the next twelve hours), a moment
    /// (`2026-11-21T22:00:00Z`) or how long it may take from now (`45m`). Throws where it is none
    /// of these, or over already: a time of day further ahead is rather the one that has passed.
    package init(
        _ text: String, at now: Timestamp,
        minuteOfDay: @escaping @Sendable (Timestamp) -> Int
    ) throws {
        guard let found = Self.read(text, at: now, minuteOfDay) else {
            throw CommandError(
                "--deadline '\(text)' is not a time of day such as 22:00, a moment such as "
                    + "2026-11-21T22:00:00Z or a duration such as 45m")
        }
        guard found > now else {
            let ago = Format.duration(milliseconds: now.millisecondsSince(found))
            let tomorrow = found.advanced(byMilliseconds: Int64(Self.day) * Self.minuteMilliseconds)
            let next = Self.minute(text).map { _ in "; for the next one, --deadline \(tomorrow)" }
            throw CommandError(
                "--deadline \(text) was \(ago) ago: give one that is to come, or how long it may "
                    + "take, such as --deadline 45m\(next ?? "")")
        }
        self.minuteOfDay = minuteOfDay
        words = text
        time = found
    }

    private static func read(
        _ text: String, at now: Timestamp, _ minuteOfDay: (Timestamp) -> Int
    ) -> Timestamp? {
        if let minute = minute(text) { return nearest(minute, to: now, minuteOfDay) }
        return Timestamp(text)
            ?? Quantity.seconds(text).map { now.advanced(byMilliseconds: $0 * 1000) }
    }

    /// Minutes since midnight of `22:00`; nil for anything else.
    private static func minute(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let areDigits = parts.joined().utf8.allSatisfy { (48...57).contains($0) }
        guard parts.count == 2, areDigits, parts.allSatisfy({ (1...2).contains($0.count) }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), (0...23).contains(hour),
            (0...59).contains(minute)
        else { return nil }
        return hour * 60 + minute
    }

    /// When the clock on the wall shows this within twelve hours, and else when it last did.
    private static func nearest(
        _ minute: Int, to now: Timestamp, _ minuteOfDay: (Timestamp) -> Int
    ) -> Timestamp {
        let begun = Timestamp(
            milliseconds: now.milliseconds / minuteMilliseconds * minuteMilliseconds)
        let ahead = (minute - minuteOfDay(begun) + day) % day
        let isPast = ahead == 0 || ahead > day / 2
        let plain = begun.advanced(
            byMilliseconds: Int64(isPast && ahead > 0 ? ahead - day : ahead)
                * minuteMilliseconds)
        // Between the two clocks may have been put forward or back.
        return [0, -60, 60].map { plain.advanced(byMilliseconds: $0 * minuteMilliseconds) }
            .first { minuteOfDay($0) == minute } ?? plain
    }

    /// How long there is left, in milliseconds; negative when it is over.
    func left(at now: Timestamp) -> Int64 { time.millisecondsSince(now) }

    /// A moment that is not far from it, as the clock on the wall shows it: `21:47`.
    func clock(_ moment: Timestamp) -> String {
        // Half a day away a time of day alone says too little, and whoever gave a moment reads one.
        guard abs(moment.millisecondsSince(time)) < Int64(Self.day / 2) * Self.minuteMilliseconds,
            Timestamp(words) == nil
        else { return Timestamp(seconds: moment.milliseconds / 1000).description }
        let minute = minuteOfDay(moment)
        let digits = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
        return "\(digits(minute / 60)):\(digits(minute % 60))"
    }
}
