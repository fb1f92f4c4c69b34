/// How much of a host's capacity may be promised, in thousandths: 1000 is all of it, once.
package struct Overcommit: Hashable, Sendable {
    package var memoryThousandths: Int64
    package var cpuThousandths: Int64

    package init(memoryThousandths: Int64 = 1000, cpuThousandths: Int64 = 1000) {
        self.memoryThousandths = memoryThousandths
        self.cpuThousandths = cpuThousandths
    }
}
