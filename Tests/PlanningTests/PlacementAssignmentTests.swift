import PlacementPolicy
import TestSupport
import Testing

@testable import Planning

/// The planner's problem as the engine sees it, held against the planner's own rules.
@Suite struct PlacementAssignmentTests {
    /// Random shifts over fuzzed problems: what the engine permits and refuses is what the
    /// planner's rules say, affinity apart, which the engine only counts; and every increment is
    /// what a count from scratch gives.
    @Test func `the engine permits what the planner's rules permit, and counts right`() {
        var (permitted, refused, scattered) = (0, 0, 0)
        for number in UInt64(1)...1500 {
            let problem = FuzzProblem(number: number)
            let (start, targets) = Self.start(problem)
            guard !start.units.members.isEmpty else { continue }
            let assignment = PlacementAssignment(start, targets: targets)
            let stated = assignment.problem
            #expect(stated.isFeasible(stated.origin), "problem \(number)")
            let memory = Arena()
            let tables = AssignmentTables(stated, in: memory)
            var state = AssignmentState(stated, tables, at: stated.origin)
            var placement = start
            var random = SeededGenerator(seed: number)
            for _ in 0..<60 {
                let unit = random.int(0...(start.units.members.count - 1))
                let target = random.int(0...(stated.binCount - 1))
                guard placement.host(of: unit) != target else { continue }
                let delta = state.shiftDelta(unit, to: target, limit: Int64.max - 1)
                let mayGo = Self.mayGo(unit, to: target, &placement, targets)
                #expect((delta != AssignmentState.never) == mayGo, "problem \(number)")
                guard delta != AssignmentState.never, mayGo else {
                    refused += 1
                    continue
                }
                permitted += 1
                let before = state.cost
                state.move(unit, to: target)
                placement.remove(unit)
                placement.place(unit, on: target)
                #expect(state.cost == before + delta, "problem \(number)")
                #expect(state.cost == stated.cost(of: state.placement), "problem \(number)")
                if stated.scatter(state.placement) > 0 { scattered += 1 }
            }
            withExtendedLifetime(memory) {}
        }
        #expect(permitted > 5000 && refused > 20_000, "\(permitted) permitted, \(refused) refused")
        #expect(scattered > 50)
    }

    private static func start(_ problem: FuzzProblem) -> (UnitPlacement, targets: [Int]) {
        let placement = PlacementProblem(problem.snapshot, under: problem.policy)
        let compatibility = Compatibility(placement, forbidden: problem.request.forbidden)
        let mobility = Mobility(placement, problem.snapshot, problem.request)
        let units = MoveUnits(placement, joined: true)
        let start = UnitPlacement(
            placement: WorkingPlacement(placement), units: units, compatibility: compatibility,
            isMovable: units.members.map { $0.allSatisfy { mobility.isMovable($0) } })
        return (start, placement.hosts.indices.filter { compatibility.isOpen($0) })
    }

    /// What the planner says, affinity left out.
    private static func mayGo(
        _ unit: Int, to target: Int, _ placement: inout UnitPlacement, _ targets: [Int]
    ) -> Bool {
        let isHome = placement.origin(of: unit) == target
        guard placement.isMovable[unit],
            isHome || targets.contains(target) && placement.allows(unit, on: target)
        else { return false }
        let present = placement.host(of: unit)
        placement.remove(unit)
        defer {
            placement.remove(unit)
            placement.place(unit, on: present)
        }
        placement.place(unit, on: target)
        let members = placement.units.members[unit]
        let problem = placement.problem
        let hasRoom = (0..<problem.width).allSatisfy { resource in
            let index = target * problem.width + resource
            return members.allSatisfy { problem.load(of: $0, resource) <= 0 }
                || placement.placement.load[index] <= problem.limit[index]
        }
        return hasRoom
            && members.allSatisfy {
                placement.placement.brokenGroup($0, at: target, isMoving: true) == nil
            }
    }
}
