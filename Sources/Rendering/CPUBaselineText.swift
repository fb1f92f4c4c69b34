package import ClusterModel
import Operations

/// Which CPU all hosts can give, as people and programs read it.
package struct CPUBaselineText {
    private let baseline: CPUBaseline
    private let width: Int?

    package init(_ baseline: CPUBaseline, width: Int? = nil) {
        self.baseline = baseline
        self.width = width
    }

    package var text: String {
        var parts = [hosts, models]
        if let cpu = baseline.computed { parts.append(computed(cpu)) }
        parts.append(guests)
        if !baseline.unreachable.isEmpty {
            parts.append(wrapped("Not reachable, and not asked: \(names(baseline.unreachable))."))
        }
        return parts.joined(separator: "\n\n")
    }

    private func wrapped(_ text: String, indent: Int = 2) -> String {
        Format.wrapped(text, indent: indent, width: width)
    }

    private func names(_ hosts: [HostName]) -> String {
        hosts.inNaturalOrder.map(\.rawValue).joined(separator: ", ")
    }

    private var hosts: String {
        var table = Table("HOST", "CPU", "MAKER")
        for host in baseline.hosts.inNaturalOrder(of: \.name.rawValue) {
            table.add(host.name.rawValue, host.model ?? "unknown", host.vendor ?? "-")
        }
        return table.text
    }

    private var models: String {
        guard let best = baseline.models.first else {
            return wrapped("No CPU model is known that every host could give a guest.")
        }
        let others = baseline.models.dropFirst()
        let few = others.prefix(4).joined(separator: ", ")
        let more = others.count > 4 ? " and \(others.count - 4) more" : ""
        return wrapped(
            "Every host can give a \(baseline.virtualization) guest the model \(best)"
                + (others.isEmpty ? "." : ", or \(few)\(more)."))
    }

    /// To be pasted into a definition.
    private func computed(_ cpu: BaselineCPU) -> String {
        let by = baseline.computedBy.map { " (\($0))" } ?? ""
        let features =
            cpu.required.map { "  <feature policy='require' name='\($0)'/>" }
            + cpu.disabled.map { "  <feature policy='disable' name='\($0)'/>" }
        let lines =
            ["<cpu mode='custom' match='exact'>", "  <model>\(cpu.model)</model>"] + features
            + ["</cpu>"]
        return "With single features, libvirt\(by) says (virsh edit):\n"
            + lines.map { "  \($0)" }.joined(separator: "\n")
    }

    private var guests: String {
        let count = baseline.guestsInAll
        guard !baseline.guests.isEmpty else {
            return wrapped(
                count == 0
                    ? "No guest runs."
                    : "Every host has the CPU of each of \(Format.plural(count, "running guest")).")
        }
        let lines = baseline.guests.flatMap { guest in
            let cpu = [guest.cpu.model, guest.cpu.mode].compactMap(\.self)
            let words = cpu.isEmpty ? "QEMU's default" : cpu.joined(separator: ", ")
            return ["  \(Format.oneLine(guest.name)) on \(guest.host) (\(words))"]
                + guest.lacks.map { lack in
                    wrapped("      \(names(lack.hosts)): \(lack.detail)", indent: 8)
                }
        }
        return wrapped(
            "\(baseline.guests.count) of \(Format.plural(count, "running guest")) must be shut "
                + "down and started with another CPU before they can run on every host:")
            + "\n" + lines.joined(separator: "\n")
    }

    // MARK: For programs

    package struct Document: Encodable {
        struct Host: Encodable {
            var host: HostName
            var model: String?
            var vendor: String?
        }

        struct Lack: Encodable {
            var hosts: [HostName]
            var detail: String
        }

        struct Guest: Encodable {
            var domain: String
            var host: HostName
            var mode: String?
            var model: String?
            var lacks: [Lack]
        }

        var version = 1
        var kind = "cpu-baseline"
        var virtualization: String
        var hosts: [Host]
        var unreachable: [HostName]
        var models: [String]
        var baseline: BaselineCPU?
        var baselineHost: HostName?
        var restart: [Guest]

        private enum CodingKeys: String, CodingKey {
            case version, kind, virtualization, hosts, unreachable, models, baseline
            case baselineHost = "baseline_host"
            case restart
        }
    }

    package var document: Document {
        Document(
            virtualization: baseline.virtualization,
            hosts: baseline.hosts.map {
                Document.Host(host: $0.name, model: $0.model, vendor: $0.vendor)
            }, unreachable: baseline.unreachable, models: baseline.models,
            baseline: baseline.computed, baselineHost: baseline.computedBy,
            restart: baseline.guests.map { guest in
                Document.Guest(
                    domain: guest.name, host: guest.host, mode: guest.cpu.mode,
                    model: guest.cpu.model,
                    lacks: guest.lacks.map { Document.Lack(hosts: $0.hosts, detail: $0.detail) })
            })
    }
}
