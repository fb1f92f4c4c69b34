import Planning
import TestSupport
import Testing

/// The example that the challenge's problem definition works through.
@Suite struct RoadefTests {
    static let model = """
        2  1 100  0 10
        4
        0 0  30 400  16 80  0 1 4 5
        0 0  10 240  8 160  1 0 3 4
        1 1  15 100  12 80  4 3 0 2
        1 2  10 100  8 80   5 4 2 0
        2  2 0  1 1 0
        3
        0 12 10 1000
        0 10 20 100
        1 6 200 1
        1  0 1 20 10
        1 10 100
        """

    static func example() throws -> RoadefInstance {
        try RoadefInstance(model: model.utf8, assignment: "0 3 0\n".utf8)
    }

    @Test func `the reader reads every number`() throws {
        let example = try Self.example()
        #expect(example.resources.map(\.isTransient) == [true, false])
        #expect(example.machines.map(\.location) == [0, 0, 1, 2])
        #expect(example.machines[1].safety == [8, 160])
        #expect(example.services.map(\.minimumSpread) == [2, 1])
        #expect(example.services[1].needs == [0])
        #expect(example.processes[2].requirement == [6, 200])
        #expect(example.balances[0].target == 20)
        #expect(example.machineMoveWeight == 100)
        #expect(example.origin == [0, 3, 0])
    }

    @Test func `files that are cut, too long or not numbers are refused`() throws {
        let read = { (model: String, assignment: String) in
            try RoadefInstance(model: model.utf8, assignment: assignment.utf8)
        }
        #expect(throws: RoadefInstance.Fault.tooShort) {
            try read(String(Self.model.dropLast(5)), "0 3 0")
        }
        #expect(throws: RoadefInstance.Fault.tooLong) { try read(Self.model + " 1", "0 3 0") }
        #expect(throws: RoadefInstance.Fault.noSuchMachine(4)) { try read(Self.model, "0 4 0") }
        #expect(throws: RoadefInstance.Fault.wrongCount(processes: 3, assigned: 2)) {
            try read(Self.model, "0 3")
        }
        #expect(throws: RoadefInstance.Fault.notANumber(byte: 2)) { try read(Self.model, "0 x 0") }
    }

    @Test(
        arguments: [([0, 3, 0], 4200), ([0, 2, 0], 3510), ([0, 2, 1], 2411)] as [([Int], Int64)])
    func `costs are those of the problem definition`(solution: [Int], cost: Int64) throws {
        let example = try Self.example()
        let checker = RoadefChecker(example)
        #expect(checker.violations(solution) == [])
        #expect(checker.cost(solution) == cost)
        #expect(example.assignmentProblem.cost(of: solution) == cost)
        #expect(example.assignmentProblem.isFeasible(solution))
        #expect(checker.lowerBound == example.assignmentProblem.lowerBound)
    }

    @Test func `the checker and the engine's own count agree on every solution`() throws {
        let example = try Self.example()
        let (checker, problem) = (RoadefChecker(example), example.assignmentProblem)
        var valid = 0
        for number in 0..<64 {
            let solution = [number % 4, number / 4 % 4, number / 16]
            #expect(checker.violations(solution).isEmpty == problem.isFeasible(solution))
            #expect(checker.cost(solution) == problem.cost(of: solution))
            valid += problem.isFeasible(solution) ? 1 : 0
        }
        #expect(valid > 1 && valid < 64)
    }

    @Test func `each constraint is told when it is broken`() throws {
        let checker = RoadefChecker(try Self.example())
        let told = { (solution: [Int]) in checker.violations(solution).joined(separator: "; ") }
        #expect(told([1, 3, 0]).contains("machine 1 has too little of resource 0"))
        // The disk of process 1 is still held on machine 3, where process 2 would need it.
        #expect(told([0, 2, 3]).contains("machine 3 has too little of resource 0"))
        #expect(told([0, 0, 1]).contains("service 0 has two processes on one machine"))
        #expect(told([0, 1, 0]).contains("service 0 is in too few locations"))
        #expect(told([2, 3, 0]).contains("service 1 has a process far from service 0"))
    }

    @Test func `the search finds the optimum of the definition`() throws {
        let problem = try Self.example().assignmentProblem
        let result = AssignmentSearch(problem, seed: 1).run(proposals: 100_000)
        #expect(result.bins == [0, 2, 1])
        #expect(result.cost == 2411 && result.initialCost == 4200)
    }
}
