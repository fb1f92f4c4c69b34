import ClusterModel
import HypervisorInterface
import PlacementPolicy

/// What a host tells over ssh that libvirt does not: its clock, its lock manager, its certificates,
/// and whether the migration ports of others can be reached from it. For hosts with a `+ssh` URI.
struct ShellFacts: Sendable {
    /// What came of trying a port.
    enum Port: Hashable, Sendable {
        /// Something answered, if only that nobody listens there yet: no firewall stands between.
        case open
        case closed(String)
        case unproven(String)
    }

    var ports: [HostName: Port] = [:]
    /// How far its clock is ahead of ours, within an error, in milliseconds.
    var clock: (ahead: Int64, error: Int64)?
    var lockManager: String?
    /// Files of /etc/pki/qemu that are there.
    var certificates: Set<String> = []
    /// Names and addresses that QEMU's certificate is for, in its order; empty where not read.
    var certifiedNames: [String] = []
    /// Daemons of libvirt with a socket, the one that serves guests first.
    var daemons: [String] = []
    /// Limits and present use of that daemon, by virt-admin's names; empty where not read.
    var limits: [String: Int] = [:]
    /// Why nothing was asked.
    var silence: String?

    /// The first of QEMU's migration ports, where nothing listens while nothing migrates.
    static let port = 49152

    static func ask(
        _ shell: (any HostShell)?, about others: [FleetHost], now: @Sendable () -> Timestamp
    ) async -> ShellFacts {
        guard let shell else {
            var probe = ShellFacts()
            probe.silence = "not asked: its URI is not over ssh"
            return probe
        }
        let begun = now().milliseconds
        let answer = await shell.run(script(others))
        let ended = now().milliseconds
        var probe = read(answer.output, others)
        if let first = probe.times.first, let last = probe.times.last {
            // Its first time is later than our beginning, its last before our end.
            let (most, least) = (first - begun, last - ended)
            probe.result.clock = ((most + least) / 2, max(0, (most - least) / 2))
        } else {
            probe.result.silence = "ssh: " + (answer.errors.isEmpty ? "no answer" : answer.errors)
        }
        return probe.result
    }

    private static func script(_ others: [FleetHost]) -> String {
        let ports = others.map { other -> String in
            let address = (other.migrationAddress ?? other.address).filter {
                $0.isLetter || $0.isNumber || ".:-".contains($0)
            }
            return """
                out=$(timeout 3 bash -c "</dev/tcp/\(address)/\(port)" 2>&1); \
                echo port=\(other.name.rawValue.quotedForShell) "$? $out" | tr '\\n' ' '; echo
                """
        }
        return """
            echo now=$(date +%s%3N)
            sed -n 's/^ *lock_manager *= *"\\(.*\\)".*/lock=\\1/p' /etc/libvirt/qemu.conf 2>/dev/null
            for f in /etc/pki/qemu/*.pem; do [ -r "$f" ] && echo "file=${f##*/}"; done
            openssl x509 -noout -subject -nameopt multiline -ext subjectAltName \
                -in /etc/pki/qemu/server-cert.pem 2>/dev/null | tr ',' '\\n' \
                | sed -n 's/^ *DNS:/cert=/p; s/^ *IP Address:/cert=/p; s/^ *commonName *= /cn=/p'
            d=libvirtd
            [ -S /run/libvirt/virtqemud-sock ] && d=virtqemud
            [ $d = libvirtd ] && [ -S /run/libvirt/libvirt-sock ] && echo "daemon=$d"
            for s in virtqemud virtnetworkd virtstoraged virtinterfaced virtnodedevd virtsecretd; do
                [ -S "/run/libvirt/$s-sock" ] && echo "daemon=$s"
            done
            for q in srv-clients-info srv-threadpool-info; do
                timeout 5 virt-admin -c "$d:///system" $q $d 2>/dev/null \
                    | sed -n 's/^\\([A-Za-z_]*\\) *: *\\([0-9]*\\)$/limit=\\1 \\2/p'
            done
            echo asked=yes
            echo now=$(date +%s%3N)
            \(ports.joined(separator: "\n"))
            """
    }

    static func read(
        _ output: String, _ others: [FleetHost]
    ) -> (result: ShellFacts, times: [Int64]) {
        var probe = ShellFacts()
        var times: [Int64] = []
        var commonName: String?
        for line in output.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            let value = String(line[line.index(after: equals)...])
            switch line[..<equals] {
            case "now": times += Int64(value).map { [$0] } ?? []
            case "lock": probe.lockManager = value
            case "file": probe.certificates.insert(value)
            case "cert": probe.certifiedNames.append(value)
            case "cn": commonName = value
            case "daemon": probe.daemons.append(value)
            case "limit":
                let words = value.split(separator: " ").map(String.init)
                if words.count == 2 { probe.limits[words[0]] = Int(words[1]) }
            case "port":
                let words = value.split(separator: " ", maxSplits: 2).map(String.init)
                guard words.count >= 2 else { continue }
                probe.ports[HostName(words[0])] = port(
                    status: words[1], says: words.count > 2 ? words[2] : "")
            default: continue
            }
        }
        // A certificate with other names is not for the one of its subject (RFC 6125).
        if probe.certifiedNames.isEmpty { probe.certifiedNames = commonName.map { [$0] } ?? [] }
        return (probe, times)
    }

    private static func port(status: String, says: String) -> Port {
        if status == "0" || says.contains("refused") { return .open }
        if status == "124" {
            return .closed("no answer: a firewall drops it, or there is no route")
        }
        for word in ["No route to host", "unreachable", "timed out", "prohibited"]
        where says.contains(word) {
            return .closed(word)
        }
        return .unproven(says.isEmpty ? "exit \(status)" : says)
    }
}
