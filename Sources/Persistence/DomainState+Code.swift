import ClusterModel

extension DomainState {
    /// The number that stands for the state in the database: libvirt's own (virDomainState).
    var code: Int {
        switch self {
        case .unknown: 0
        case .running: 1
        case .blocked: 2
        case .paused: 3
        case .shuttingDown: 4
        case .shutOff: 5
        case .crashed: 6
        case .suspended: 7
        }
    }

    /// A number that is not known here reads as unknown, as libvirt's own list may grow.
    init(code: Int) {
        let known: [DomainState] = [
            .unknown, .running, .blocked, .paused, .shuttingDown, .shutOff, .crashed, .suspended,
        ]
        self = known.indices.contains(code) ? known[code] : .unknown
    }
}
