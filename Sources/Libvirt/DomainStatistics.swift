import ClusterModel
import Telemetry

/// Turns a domain's statistics, as libvirt names them, into a raw sample.
enum DomainStatistics {
    /// Source: the documentation of virConnectGetAllDomainStats. Balloon figures are in KiB.
    static func sample(
        id: DomainID, name: String, from parameters: TypedParameters
    ) -> RawDomainSample {
        var sample = RawDomainSample(id: id, name: name, state: state(parameters))
        sample.cpuTime = parameters.integer("cpu.time")
        sample.vcpus = parameters.integer("vcpu.current").flatMap { Int(exactly: $0) }
            .flatMap { (0...NumberList.highest).contains($0) ? $0 : nil }
        let kibibytes: (String) -> Bytes? = {
            .plausible(parameters.integer($0), unit: 1024)
        }
        sample.balloonCurrent = kibibytes("balloon.current")
        sample.balloonMaximum = kibibytes("balloon.maximum")
        sample.rss = kibibytes("balloon.rss")
        sample.guestAvailable = kibibytes("balloon.available")
        sample.guestUnused = kibibytes("balloon.unused")
        // Totals since the guest started: a plain counter, in bytes like the others.
        sample.swapIn = bytesFromKibibytes(parameters.integer("balloon.swap_in"))
        sample.swapOut = bytesFromKibibytes(parameters.integer("balloon.swap_out"))
        let sums = sums(of: parameters)
        sample.vcpuWait = sums["vcpu.wait"]
        sample.vcpuDelay = sums["vcpu.delay"]
        sample.blockRead = sums["block.rd.bytes"]
        sample.blockWritten = sums["block.wr.bytes"]
        sample.networkReceived = sums["net.rx.bytes"]
        sample.networkSent = sums["net.tx.bytes"]
        // 2 is VIR_DOMAIN_DIRTYRATE_MEASURED: before that the rate is an old one or none.
        if parameters.integer("dirtyrate.calc_status") == 2 {
            sample.dirtyRate = .plausible(
                parameters.integer("dirtyrate.megabytes_per_second"), unit: 1 << 20)
        }
        return sample
    }

    private static func state(_ parameters: TypedParameters) -> DomainState {
        condition(parameters)?.domainState ?? .unknown
    }

    static func condition(_ parameters: TypedParameters) -> DomainCondition? {
        guard let state = parameters.integer("state.state") else { return nil }
        return DomainCondition(
            state: Int32(clamping: state),
            reason: Int32(clamping: parameters.integer("state.reason") ?? 0))
    }

    private static func bytesFromKibibytes(_ count: Int64?) -> Int64? {
        guard let count, count >= 0 else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: 1024)
        return overflow ? nil : bytes
    }

    /// Adds up what is numbered: `net.0.rx.bytes` and `net.1.rx.bytes` become `net.rx.bytes`. A
    /// sum that overflows is left out. Linear in the number of parameters, whatever they count.
    private static func sums(of parameters: TypedParameters) -> [String: Int64] {
        var sums: [String: Int64] = [:]
        var spoiled: Set<String> = []
        for (name, value) in parameters.values {
            let parts = name.split(separator: ".", maxSplits: 2)
            guard parts.count == 3, Int(parts[1]) != nil, case .integer(let number) = value
            else { continue }
            let key = "\(parts[0]).\(parts[2])"
            let (sum, overflow) = (sums[key] ?? 0).addingReportingOverflow(number)
            if overflow || number < 0 { spoiled.insert(key) } else { sums[key] = sum }
        }
        return sums.filter { !spoiled.contains($0.key) }
    }
}
