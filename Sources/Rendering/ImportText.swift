import ClusterModel
package import History
import Operations

/// What an import came to, and what to do with it.
extension HistoryImporter.Summary {
    package var text: String {
        "\(Format.plural(domains, "domain")) on \(Format.plural(hosts, "host")), "
            + "\(samples) samples from \(first) to \(last)"
            + (dropped > 0 ? "; \(dropped) second values within a period were left out" : "")
            + "; try: kvmbalance backtest --config "
            + "\("\(folder)/kvmbalance.yaml".quotedForShell) --since \(first) --until \(last)"
    }
}
