package import ClusterModel
import Foundation
import Operations

/// Reads what the libvirt exporter left in a Prometheus server.
package struct PrometheusImport {
    private let prometheus: Prometheus
    private var server: String { prometheus.name }

    package init(_ prometheus: Prometheus) { self.prometheus = prometheus }

    /// Adds what it has between two moments, a value each `step` seconds.
    package func add(
        to importer: inout HistoryImporter, from start: Timestamp, to end: Timestamp, step: Int64
    ) async throws {
        let guests = try await guests(until: end)
        var at = start
        // A thousand moments at a time: the server refuses more than 11,000, and memory stays
        // small. Of a large fleet fewer.
        var steps: Int64 = 999
        while at <= end {
            let last = min(end, at.advanced(byMilliseconds: steps * step * 1000))
            let series: [Prometheus.Series]
            do {
                series = try await prometheus.range(
                    "libvirt_domain_info_cpu_time_seconds_total", from: at, to: last, step: step)
            } catch is Prometheus.TooLarge where steps > 0 {
                steps /= 2
                continue
            } catch is Prometheus.TooLarge {
                throw tooLarge
            }
            try await add(series, guests, &importer)
            at = last.advanced(byMilliseconds: step * 1000)
        }
    }

    private var tooLarge: CommandError {
        CommandError(
            "\(server) answers with more than 64 MiB for one moment: is it the right server?",
            exit: .failed)
    }

    /// A server gives series in order of their labels: a domain that moved has one for each host,
    /// and only in order of time do they tell where it was.
    func add(
        _ series: [Prometheus.Series], _ guests: [String: HistoryImporter.Guest],
        _ importer: inout HistoryImporter
    ) async throws {
        var readings: [Reading] = []
        // The host that a domain left long ago does not know it any more: its name tells.
        let named = Dictionary(grouping: guests.values, by: \.name).filter { $1.count == 1 }
        for one in series {
            guard let key = Self.key(one.metric), let name = one.metric["domain"] else { continue }
            var guest =
                guests[key] ?? named[name]?.first ?? HistoryImporter.Guest(name: name, vcpus: 1)
            let host = Self.host(one.metric)
            guest.host = HostName(host)
            // Without a UUID nobody knows whether that of another host is the same domain.
            guest.id = guest.id ?? DomainID("id-of-\(name)-on-\(host)")
            for value in one.values {
                guard let reading = Reading(guest, value) else {
                    throw CommandError(
                        "\(server): \(name): \(value.value) s of CPU time at \(value.time) is "
                            + "impossible", exit: .failed)
                }
                readings.append(reading)
            }
        }
        for (_, reading) in readings.enumerated().sorted(by: {
            ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
        }) {
            do {
                try await importer.add(reading.guest, at: reading.at, counter: reading.counter)
            } catch let error as HistoryImporter.Refused {
                throw CommandError(
                    "\(server): \(reading.guest.name): \(error.message)", exit: .failed)
            }
        }
    }

    /// One value of a series, as we keep it.
    private struct Reading {
        var guest: HistoryImporter.Guest
        var at: Timestamp
        /// Nanoseconds.
        var counter: Int64

        /// The end of the year 9999, in milliseconds since 1970.
        private static let latest = 253_402_300_799_999.0

        /// nil where the server's numbers are no time, or no time of CPUs.
        init?(_ guest: HistoryImporter.Guest, _ value: Prometheus.Series.Value) {
            let time = (value.time * 1000).rounded()
            guard (0...Self.latest).contains(time), value.value >= 0,
                let counter = Int64(exactly: (value.value * 1e9).rounded())
            else { return nil }
            self.guest = guest
            at = Timestamp(milliseconds: Int64(saturating: time))
            self.counter = counter
        }
    }

    /// What tells one domain from another before its UUID is known: names are only a host's own.
    private static func key(_ labels: [String: String]) -> String? {
        labels["domain"].map { "\(host(labels))/\($0)" }
    }

    /// The host part of the label that says where the exporter ran.
    private static func host(_ labels: [String: String]) -> String {
        let label = labels["host"] ?? labels["instance"] ?? "unknown"
        return String(label.prefix { $0 != ":" })
    }

    private func guests(
        until end: Timestamp
    ) async throws -> [String: HistoryImporter.Guest] {
        var guests: [String: HistoryImporter.Guest] = [:]
        func fill(
            _ metric: String, _ set: (inout HistoryImporter.Guest, Prometheus.Series) -> Void
        ) async throws {
            // The newest within a day: a domain that was deleted yesterday is history too.
            let found: [Prometheus.Series]
            do {
                found = try await prometheus.range(
                    "last_over_time(\(metric)[1d])", from: end, to: end, step: 60)
            } catch is Prometheus.TooLarge {
                throw tooLarge
            }
            for one in found {
                guard let key = Self.key(one.metric), let name = one.metric["domain"] else {
                    continue
                }
                set(&guests[key, default: HistoryImporter.Guest(name: name, vcpus: 1)], one)
            }
        }
        // What cannot be right is not known: without a limit, libvirt tells of memory without end.
        try await fill("libvirt_domain_info_virtual_cpus") { guest, one in
            let count = one.values.last.flatMap { Int(exactly: $0.value.rounded()) }
            guest.vcpus = count.flatMap { (1...1024).contains($0) ? $0 : nil } ?? 1
        }
        try await fill("libvirt_domain_info_maximum_memory_bytes") { guest, one in
            guest.memory = one.values.last.flatMap { Int64(exactly: $0.value.rounded()) }
                .flatMap { Plausible.believed(Bytes($0)) }
        }
        try await fill("libvirt_domain_info_meta") { guest, one in
            guest.id = one.metric["uuid"].map { DomainID($0) }
        }
        return guests
    }
}
