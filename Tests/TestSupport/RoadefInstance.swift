package import Planning

/// A machine reassignment problem of the ROADEF/EURO challenge 2012, as its text files state it.
package struct RoadefInstance: Sendable {
    /// A resource of all machines.
    package struct Resource: Sendable {
        package var isTransient: Bool
        package var weight: Int64
    }

    /// A machine, its row of capacities and what moving to each other machine costs.
    package struct Machine: Sendable {
        package var neighborhood: Int
        package var location: Int
        package var capacity: [Int64]
        package var safety: [Int64]
        package var moveCost: [UInt32]
    }

    /// Processes that run on distinct machines.
    package struct Service: Sendable {
        package var minimumSpread: Int
        package var needs: [Int]
    }

    /// What runs on one machine.
    package struct Process: Sendable {
        package var service: Int
        package var requirement: [Int64]
        package var moveCost: Int64
    }

    /// Two resources whose free amounts should stand in a ratio.
    package struct Balance: Sendable {
        package var first: Int
        package var second: Int
        package var target: Int64
        package var weight: Int64
    }

    /// What is wrong with a file.
    package enum Fault: Error, Equatable {
        case notANumber(byte: Int)
        case tooShort
        case tooLong
        case noSuchMachine(Int)
        case wrongCount(processes: Int, assigned: Int)
    }

    package var resources: [Resource] = []
    package var machines: [Machine] = []
    package var services: [Service] = []
    package var processes: [Process] = []
    package var balances: [Balance] = []
    package var processMoveWeight: Int64 = 0
    package var serviceMoveWeight: Int64 = 0
    package var machineMoveWeight: Int64 = 0
    /// Machine of each process at the start.
    package var origin: [Int] = []

    /// Reads a `model` file and the `assignment` file that goes with it.
    package init(model: some Collection<UInt8>, assignment: some Collection<UInt8>) throws {
        var numbers = Numbers(try Self.numbers(model))
        for _ in 0..<(try numbers.int()) {
            let isTransient = try numbers.int() != 0
            resources.append(Resource(isTransient: isTransient, weight: try numbers.next()))
        }
        let machineCount = try numbers.int()
        for _ in 0..<machineCount {
            machines.append(
                Machine(
                    neighborhood: try numbers.int(), location: try numbers.int(),
                    capacity: try numbers.row(resources.count),
                    safety: try numbers.row(resources.count),
                    moveCost: try numbers.row(machineCount).map { UInt32($0) }))
        }
        for _ in 0..<(try numbers.int()) {
            let spread = try numbers.int()
            let needs = try numbers.row(try numbers.int()).map { Int($0) }
            services.append(Service(minimumSpread: spread, needs: needs))
        }
        for _ in 0..<(try numbers.int()) {
            processes.append(
                Process(
                    service: try numbers.int(), requirement: try numbers.row(resources.count),
                    moveCost: try numbers.next()))
        }
        for _ in 0..<(try numbers.int()) {
            balances.append(
                Balance(
                    first: try numbers.int(), second: try numbers.int(),
                    target: try numbers.next(), weight: try numbers.next()))
        }
        processMoveWeight = try numbers.next()
        serviceMoveWeight = try numbers.next()
        machineMoveWeight = try numbers.next()
        guard numbers.isAtEnd else { throw Fault.tooLong }
        origin = try machines(of: assignment)
    }

    /// Reads a solution: the machine of each process.
    package func machines(of solution: some Collection<UInt8>) throws -> [Int] {
        let bins = try Self.numbers(solution).map { Int($0) }
        guard bins.count == processes.count else {
            throw Fault.wrongCount(processes: processes.count, assigned: bins.count)
        }
        if let stray = bins.first(where: { !machines.indices.contains($0) }) {
            throw Fault.noSuchMachine(stray)
        }
        return bins
    }

    private static func numbers(_ bytes: some Collection<UInt8>) throws -> [Int64] {
        var numbers: [Int64] = []
        var value: Int64?
        for (place, byte) in bytes.enumerated() {
            switch byte {
            case 48...57: value = (value ?? 0) * 10 + Int64(byte - 48)
            case 32, 9, 10, 13:
                if let number = value { numbers.append(number) }
                value = nil
            default: throw Fault.notANumber(byte: place)
            }
        }
        if let value { numbers.append(value) }
        return numbers
    }

    /// The numbers of a file, one after another.
    private struct Numbers {
        private let values: [Int64]
        private var place = 0

        init(_ values: [Int64]) { self.values = values }

        var isAtEnd: Bool { place == values.count }

        mutating func next() throws -> Int64 {
            guard place < values.count else { throw Fault.tooShort }
            place += 1
            return values[place - 1]
        }

        mutating func int() throws -> Int { Int(try next()) }

        mutating func row(_ count: Int) throws -> [Int64] {
            guard values.count - place >= count else { throw Fault.tooShort }
            place += count
            return Array(values[(place - count)..<place])
        }
    }
}

extension RoadefInstance {
    /// The same problem as the planner's own engine states problems.
    package var assignmentProblem: AssignmentProblem {
        var problem = AssignmentProblem(
            resources: resources.count, capacity: machines.flatMap(\.capacity),
            demand: processes.flatMap(\.requirement), origin: origin)
        problem.isTransient = resources.map(\.isTransient)
        problem.location = machines.map(\.location)
        problem.neighborhood = machines.map(\.neighborhood)
        problem.thresholds = resources.enumerated().map { index, resource in
            .init(
                resource: index, weight: resource.weight, level: machines.map { $0.safety[index] })
        }
        problem.balances = balances.map {
            .init(first: $0.first, second: $0.second, target: $0.target, weight: $0.weight)
        }
        var members: [[Int]] = Array(repeating: [], count: services.count)
        for (index, process) in processes.enumerated() { members[process.service].append(index) }
        problem.groups = services.enumerated().map { index, service in
            var group = AssignmentProblem.Group(members: members[index])
            group.isApart = true
            group.minimumLocations = service.minimumSpread
            group.needs = service.needs
            group.countsMoves = true
            return group
        }
        problem.moveCost = processes.map { processMoveWeight * $0.moveCost }
        problem.groupMoveWeight = serviceMoveWeight
        problem.pairWeight = machineMoveWeight
        problem.pairCost = machines.flatMap(\.moveCost)
        return problem
    }
}
