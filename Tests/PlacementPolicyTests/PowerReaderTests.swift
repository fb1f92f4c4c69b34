import ClusterModel
import PlacementPolicy
import Testing

/// What hosts draw, as a policy says it.
struct PowerReaderTests {
    @Test func `the first entry that names a host holds`() throws {
        let policy = try Policy(
            yaml: """
                name: p
                power:
                  - {hosts: [old-*], watts: [86 W, 89.4 W, 117W]}
                  - {idle: 110 W, max: 400 W}
                """)
        let curves = policy.curves(of: ["old-1", "new-1"].map { Host(name: $0) })
        #expect(curves["old-1"] == PowerCurve(milliwatts: [86_000, 89_400, 117_000]))
        #expect(curves["new-1"] == PowerCurve(milliwatts: [110_000, 400_000]))
        #expect(curves["new-1"]?.milliwatts(atPermille: 500) == 255_000)
        #expect(try Policy(yaml: "name: p").curves(of: [Host(name: "a")]).isEmpty)
    }

    @Test(arguments: [
        ("power: [{idle: 110, max: 400 W}]", "line 2, column 16", "with its unit, such as 93.7 W"),
        ("power: [{idle: 110 W}]", "line 2, column 9", "lacks the key 'max'"),
        ("power: [{idle: 500 W, max: 400 W}]", "line 2, column 28", "is less than 'idle'"),
        ("power: [{idle: -5 W, max: 400 W}]", "line 2, column 16", "a power in watts"),
        ("power: [{idle: 1 W, max: 9999999 W}]", "line 2, column 26", "a power in watts"),
        ("power: [{watts: [86 W]}]", "line 2, column 17", "holds 1 values"),
        ("power: [{watts: [86 W, 90]}]", "line 2, column 17", "holds '90'"),
        ("power: [{watts: [1 W, 2 W], max: 3 W}]", "line 2, column 34", "leave 'max' out"),
        ("power: [{wats: [1 W, 2 W]}]", "line 2, column 10", "Maybe you meant 'watts'"),
        ("power: {idle: 1 W, max: 2 W}", "line 2, column 8", "must be a list"),
    ])
    func `what is wrong is said with its place`(line: String, place: String, words: String) throws {
        let said = try #require(refusal(of: "name: p\n\(line)\n"), "\(line) was accepted")
        #expect(said.contains(place), "\(said)")
        #expect(said.contains(words), "\(said)")
    }
}
