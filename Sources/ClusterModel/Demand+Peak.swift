extension Demand {
    /// The worst slot; nil when unknown.
    package var peak: MilliCPU? { cpu?.max() }
}
