import ArgumentParser
import ClusterModel
import History
import Operations
import PlacementPolicy
import Rendering

/// `kvmbalance import prometheus URL`: what the libvirt exporter left in a Prometheus server.
struct ImportPrometheus: FleetCommand {
    static let configuration = CommandConfiguration(
        commandName: "prometheus",
        abstract: "The libvirt exporter's series from a Prometheus server's range API.",
        discussion: """
            Reads libvirt_domain_info_cpu_time_seconds_total with its labels 'domain' and \
            'instance' (the host), libvirt_domain_info_virtual_cpus, \
            libvirt_domain_info_maximum_memory_bytes and libvirt_domain_info_meta ('uuid').
            """)

    @Argument(help: "The server, such as http://localhost:9090.") var server: String
    @Option(help: "Start: a date (2026-11-21) or an age (default: 7d).") var since = "7d"
    @Option(help: "End: a date or an age (default: now).") var until: String?
    @OptionGroup var target: ImportOptions
    @OptionGroup var options: GlobalOptions

    func execute() async throws -> Exit {
        let (start, end) = try HistoryTime.span(
            since: since, until: until,
            now: Timestamp(seconds: Composition.systemTime().milliseconds / 1000))
        let prometheus = try Prometheus(server)
        guard let step = Quantity.seconds(target.period), step > 0 else {
            throw CommandError("--period '\(target.period)' is not a time such as 1m")
        }
        var importer = try target.importer(named: true)
        try await PrometheusImport(prometheus)
            .add(to: &importer, from: start, to: end, step: step)
        Console.out(try await importer.finish().text)
        return .done
    }
}
