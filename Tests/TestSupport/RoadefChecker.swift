/// What the problem definition of the challenge says of a solution, word by word and slowly. Shares
/// nothing with the planner's engine.
package struct RoadefChecker {
    private let instance: RoadefInstance

    package init(_ instance: RoadefInstance) { self.instance = instance }

    /// Each hard constraint that does not hold, in words; empty for a valid solution.
    package func violations(_ solution: [Int]) -> [String] {
        capacityViolations(solution) + serviceViolations(solution)
    }

    /// The total objective cost.
    package func cost(_ solution: [Int]) -> Int64 {
        loadCost(solution) + balanceCost(solution) + moveCost(solution)
    }

    /// Sum over resources and balances of the cost as if all machines were one.
    package var lowerBound: Int64 {
        var bound: Int64 = 0
        let required = instance.resources.indices.map { resource in
            instance.processes.reduce(Int64(0)) { $0 + $1.requirement[resource] }
        }
        for (index, resource) in instance.resources.enumerated() {
            let safety = instance.machines.reduce(Int64(0)) { $0 + $1.safety[index] }
            bound += resource.weight * max(0, required[index] - safety)
        }
        for balance in instance.balances {
            let free = [balance.first, balance.second].map { index in
                instance.machines.reduce(Int64(0)) { $0 + $1.capacity[index] } - required[index]
            }
            bound += balance.weight * max(0, balance.target * free[0] - free[1])
        }
        return bound
    }

    /// U(m, r): what the processes of a machine require.
    private func usage(_ solution: [Int]) -> [[Int64]] {
        var usage = instance.machines.map { _ in instance.resources.map { _ in Int64(0) } }
        for (process, machine) in zip(instance.processes, solution) {
            for resource in instance.resources.indices {
                usage[machine][resource] += process.requirement[resource]
            }
        }
        return usage
    }

    private func capacityViolations(_ solution: [Int]) -> [String] {
        var violations: [String] = []
        var usage = usage(solution)
        for (index, process) in instance.processes.enumerated() {
            let home = instance.origin[index]
            for (resource, facts) in instance.resources.enumerated()
            where facts.isTransient && solution[index] != home {
                usage[home][resource] += process.requirement[resource]
            }
        }
        for (index, machine) in instance.machines.enumerated() {
            for resource in instance.resources.indices
            where usage[index][resource] > machine.capacity[resource] {
                violations.append("machine \(index) has too little of resource \(resource)")
            }
        }
        return violations
    }

    private func serviceViolations(_ solution: [Int]) -> [String] {
        var violations: [String] = []
        var machinesOf = instance.services.map { _ in [Int]() }
        for (process, machine) in zip(instance.processes, solution) {
            machinesOf[process.service].append(machine)
        }
        let neighborhoodsOf = machinesOf.map { machines in
            Set(machines.map { instance.machines[$0].neighborhood })
        }
        for (index, service) in instance.services.enumerated() {
            let machines = machinesOf[index]
            if Set(machines).count < machines.count {
                violations.append("service \(index) has two processes on one machine")
            }
            let locations = Set(machines.map { instance.machines[$0].location })
            if locations.count < service.minimumSpread {
                violations.append("service \(index) is in too few locations")
            }
            for needed in service.needs
            where !neighborhoodsOf[index].isSubset(of: neighborhoodsOf[needed]) {
                violations.append("service \(index) has a process far from service \(needed)")
            }
        }
        return violations
    }

    private func loadCost(_ solution: [Int]) -> Int64 {
        var cost: Int64 = 0
        for (machine, usage) in zip(instance.machines, usage(solution)) {
            for (index, resource) in instance.resources.enumerated() {
                cost += resource.weight * max(0, usage[index] - machine.safety[index])
            }
        }
        return cost
    }

    private func balanceCost(_ solution: [Int]) -> Int64 {
        var cost: Int64 = 0
        for (machine, usage) in zip(instance.machines, usage(solution)) {
            for balance in instance.balances {
                let first = machine.capacity[balance.first] - usage[balance.first]
                let second = machine.capacity[balance.second] - usage[balance.second]
                cost += balance.weight * max(0, balance.target * first - second)
            }
        }
        return cost
    }

    private func moveCost(_ solution: [Int]) -> Int64 {
        var processCost: Int64 = 0
        var machineCost: Int64 = 0
        var moved = instance.services.map { _ in Int64(0) }
        for (index, process) in instance.processes.enumerated() {
            let (home, machine) = (instance.origin[index], solution[index])
            machineCost += Int64(instance.machines[home].moveCost[machine])
            guard home != machine else { continue }
            processCost += process.moveCost
            moved[process.service] += 1
        }
        return instance.processMoveWeight * processCost
            + instance.serviceMoveWeight * (moved.max() ?? 0)
            + instance.machineMoveWeight * machineCost
    }
}
