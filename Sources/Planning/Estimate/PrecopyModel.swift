import ClusterModel

/// What a live migration copies, how long the guest stands still, and whether it comes to an end at
/// all: an estimate, nothing more.
///
/// Pre-copy sends all memory, then again and again what was written meanwhile, until the rest fits
/// into the allowed pause. Each pass is as long as the one before made it; where they stop getting
/// shorter, the migration does not converge, and what the options allow is done.
/// Source: Clark et al., "Live migration of virtual machines" (2005); QEMU's `migration_thread`.
/// Constant time.
struct PrecopyModel {
    /// Passes after which it counts as not converging; as many are counted for one that never ends.
    static let roundsAtMost = 20
    /// A pass must be shorter than the one before by this part, in thousandths, to count as
    /// progress.
    static let progressPermille: Int64 = 20
    /// QEMU's auto-converge: first and further steps, and the most, in percent. A step follows when
    /// more than half of what was sent was rewritten meanwhile; this many times.
    static let throttle = (first: 20, step: 10, most: 99, times: 2, passes: 40)

    var volume = Bytes.zero
    var downtimeMilliseconds: Int64 = 0
    private(set) var ending = StepPrediction.Ending.converges
    /// How much of its CPU auto-converge takes from the guest; zero without.
    private(set) var throttlePercent = 0

    /// `rate` in bytes a second; `widest` is what the link gives when the options' limit is raised.
    init(
        memory: Bytes, dirtyRates: DirtyRates?, rate: Int64, widest: Int64? = nil,
        fit: TransferFit = .assumed, options: MigrationOptions = MigrationOptions()
    ) {
        var passes = Passes(
            memory: Double(memory.count),
            dirtyRates: dirtyRates?.scaled(byPermille: fit.dirtyingPermille),
            rate: Double(max(1, rate))
        )
        let first = options.firstPause
        if options.postcopy {
            passes.send()
            ending = .postcopy
        } else if options.autoConverge {
            throttle(&passes, within: first, options)
        } else if !passes.converge(within: first, stopsEarly: options.stuckRule.endsCopying) {
            finish(&passes, widest: Double(widest ?? 0), options)
        }
        let rest = passes.round
        volume = Bytes(Int64(saturating: passes.sent + rest))
        let pause = ending == .postcopy ? 0 : Int64(saturating: rest * 1000 / passes.rate)
        downtimeMilliseconds = pause + fit.switchoverMilliseconds
    }

    /// The same for one rate that is not known to fall with time.
    init(memory: Bytes, dirtyRate: Bytes?, rate: Int64) {
        self.init(memory: memory, dirtyRates: dirtyRate.map { DirtyRates(rate: $0) }, rate: rate)
    }

    /// QEMU slows the guest down as long as it rewrites too much.
    private mutating func throttle(
        _ passes: inout Passes, within pause: Double, _ options: MigrationOptions
    ) {
        if let percent = passes.throttle(within: pause) {
            throttlePercent = percent
            ending = percent > 0 ? .throttled : .converges
        } else {
            finish(&passes, widest: 0, options)
        }
    }

    /// It does not converge by itself: as the executor will do it, step by step.
    private mutating func finish(
        _ passes: inout Passes, widest: Double, _ options: MigrationOptions
    ) {
        let longest = Double(options.longestDowntimeMilliseconds) / 1000
        if passes.round / passes.rate <= longest {
            ending = .longerPause
            return
        }
        if widest > passes.rate {
            passes.rate = widest
            if passes.converge(within: longest, stopsEarly: true) {
                ending = .longerPause
                return
            }
        }
        switch options.stuckRule {
        case .postcopy: ending = .postcopy
        case .suspend: ending = .suspended
        case .abort, .wait:
            ending = .never
            while passes.count < Self.roundsAtMost { passes.send() }
        }
    }
}

extension MigrationOptions {
    /// Seconds.
    fileprivate var firstPause: Double { Double(Self.firstDowntimeMilliseconds) / 1000 }
}

/// The passes over the memory, one after the other.
private struct Passes {
    let memory: Double
    var dirtyRates: DirtyRates?
    /// Bytes a second.
    var rate: Double
    var sent = 0.0
    /// What the next pass has to send.
    var round: Double
    private(set) var count = 0

    init(memory: Double, dirtyRates: DirtyRates?, rate: Double) {
        self.memory = memory
        self.dirtyRates = dirtyRates
        self.rate = rate
        round = memory
    }

    mutating func send() {
        sent += round
        count += 1
        round = min(memory, dirtyRates?.rewritten(afterSeconds: round / rate) ?? 0)
    }

    /// False when the passes are used up, or stop getting shorter, before the rest fits into the
    /// pause, in seconds.
    mutating func converge(within pause: Double, stopsEarly: Bool) -> Bool {
        while round > rate * pause {
            let before = round
            guard count < PrecopyModel.roundsAtMost else { return false }
            send()
            let isProgress =
                round < before * Double(1000 - PrecopyModel.progressPermille) / 1000
            if stopsEarly, !isProgress { return round <= rate * pause }
        }
        return true
    }

    /// The percentage at which the guest is slow enough, zero when it need not be slowed down; nil
    /// when none is.
    mutating func throttle(within pause: Double) -> Int? {
        let whole = dirtyRates
        var percent = 0
        var times = 0
        for _ in 0..<PrecopyModel.throttle.passes {
            if round <= rate * pause { return percent }
            let before = round
            send()
            if round > before / 2 { times += 1 }
            guard times >= PrecopyModel.throttle.times else { continue }
            times = 0
            percent = min(
                PrecopyModel.throttle.most,
                percent == 0 ? PrecopyModel.throttle.first : percent + PrecopyModel.throttle.step)
            dirtyRates = whole?.scaled(byPermille: Int64(1000 - percent * 10))
        }
        return nil
    }
}

extension MigrationOptions.WhenStuck {
    /// The copying goes on to its end, by another way.
    var endsCopying: Bool {
        switch self {
        case .postcopy, .suspend: true
        case .abort, .wait: false
        }
    }
}
