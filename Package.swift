// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Searches and simulations: optimised in debug builds too, with every `assert` in force. Their
/// tests compute for minutes, and took a quarter of an hour without.
let computing =
    strict + [
        .unsafeFlags(["-O", "-assert-config", "Debug"], .when(configuration: .debug))
    ]

let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let argumentParser: Target.Dependency = .product(
    name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let serviceLifecycle: Target.Dependency = .product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(
    name: "UnixSignals", package: "swift-service-lifecycle")

func library(
    _ name: String, _ dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = strict
) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "kvmbalance",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "kvmbalance", targets: ["kvmbalance"]),
        .executable(name: "kvmbalance-bench", targets: ["kvmbalance-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(
            url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // Pure: values and functions. Nothing here waits, reads a clock or touches the world.
        library("ClusterModel", settings: computing),
        library("Telemetry", ["ClusterModel"], settings: computing),
        library("PlacementPolicy", ["ClusterModel", yams], settings: computing),
        library("Planning", ["ClusterModel", "PlacementPolicy"], settings: computing),
        library("PlanChecking", ["ClusterModel", "PlacementPolicy"], settings: computing),
        library("Execution", ["ClusterModel"], settings: computing),
        library("HypervisorInterface", ["ClusterModel", "Telemetry"], settings: computing),
        library(
            "Simulation",
            ["ClusterModel", "Telemetry", "HypervisorInterface", "Execution", "Actuation"],
            settings: computing),
        library("Replay", ["ClusterModel", "Telemetry", "PlacementPolicy"], settings: computing),

        // Effects: each knows the pure targets and none of its neighbours.
        .systemLibrary(
            name: "CLibvirt", pkgConfig: "libvirt", providers: [.apt(["libvirt-dev"])]),
        .systemLibrary(
            name: "CLibxml2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        library(
            "Libvirt",
            ["CLibvirt", "CLibxml2", "ClusterModel", "Telemetry", "HypervisorInterface"]),
        library("Persistence", ["ClusterModel", "Telemetry", "Execution", grdb]),
        library(
            "Sampling",
            ["ClusterModel", "Telemetry", "HypervisorInterface", logging, serviceLifecycle]),
        library(
            "Actuation", ["ClusterModel", "HypervisorInterface", "Execution"],
            settings: computing),

        // What can be done with a fleet, for whatever shows it: a terminal, a page, a test.
        library(
            "Operations",
            [
                "ClusterModel", "Telemetry", "PlacementPolicy", "Planning", "PlanChecking",
                "Execution", "HypervisorInterface", "Replay", "Persistence", "Sampling",
                "Actuation", logging, serviceLifecycle,
            ]),
        library(
            "History",
            [
                "ClusterModel", "Telemetry", "PlacementPolicy", "Planning", "PlanChecking",
                "Replay", "Persistence", "Operations",
            ]),

        // Plays a folder of `simulations/` that tells what goes wrong.
        library(
            "Scenarios",
            [
                "ClusterModel", "Telemetry", "PlacementPolicy", "Planning", "PlanChecking",
                "Execution", "HypervisorInterface", "Simulation",
            ], settings: computing),

        // Presentation: values as text, and the commands that print it. All wiring happens in
        // KVMBalanceCommands.
        library(
            "Rendering",
            [
                "ClusterModel", "Telemetry", "Planning", "Execution", "Replay", "Operations",
                "History",
            ]),
        library(
            "KVMBalanceCommands",
            [
                "ClusterModel", "Telemetry", "PlacementPolicy", "Planning", "Execution",
                "HypervisorInterface", "Simulation", "Replay", "Libvirt", "Persistence",
                "Sampling", "Actuation", "Operations", "History", "Scenarios", "Rendering",
                argumentParser, logging, serviceLifecycle, unixSignals,
            ]),
        .executableTarget(
            name: "kvmbalance", dependencies: ["KVMBalanceCommands", argumentParser],
            swiftSettings: strict),

        tests("TidyTests", []),
        tests(
            "BenchmarkModelTests",
            ["BenchmarkModels", "ClusterModel", "Planning", "Telemetry", "TestSupport"]),
        tests("TelemetryTests", ["ClusterModel", "Telemetry", "TestSupport"]),
        tests(
            "ReplayTests",
            [
                "Replay", "ClusterModel", "Telemetry", "PlacementPolicy", "Planning",
                "PlanChecking",
            ]),
        tests("PersistenceTests", ["ClusterModel", "Telemetry", "Execution", "Persistence", grdb]),
        tests(
            "SamplingTests",
            [
                "ClusterModel", "Telemetry", "HypervisorInterface", "Sampling", logging,
                serviceLifecycle,
            ]),
        tests("LabTests", ["TestSupport"]),
        tests(
            "KVMBalanceCommandsTests",
            [
                "KVMBalanceCommands", "Rendering", "Operations", "History", "ClusterModel",
                "Execution", "Actuation", "Persistence", "HypervisorInterface", "Telemetry",
                "TestSupport",
                "Planning", argumentParser, grdb,
            ]),
        tests(
            "OperationsTests",
            [
                "Operations", "ClusterModel", "Execution", "Actuation", "HypervisorInterface",
                "Persistence", "PlacementPolicy", "Planning", "Simulation", "Telemetry",
                "TestSupport",
            ]),
        tests("HistoryTests", ["History", "ClusterModel", "Telemetry", "TestSupport"]),
        tests("ExecutionTests", ["ClusterModel", "Execution"]),
        tests(
            "ActuationTests",
            [
                "Actuation", "ClusterModel", "Execution", "HypervisorInterface", "Telemetry",
                "TestSupport",
            ]),
        tests(
            "SimulationTests",
            [
                "ClusterModel", "Execution", "HypervisorInterface", "Simulation", "Telemetry",
                "Planning", "PlacementPolicy", "PlanChecking", "FaultScenarios", "Scenarios",
            ]),
        tests(
            "LibvirtTests",
            [
                "CLibvirt", "Libvirt", "ClusterModel", "Telemetry", "HypervisorInterface",
                "TestSupport",
            ]),

        .target(
            name: "TestSupport",
            dependencies: [
                "ClusterModel", "PlacementPolicy", "Planning", "PlanChecking", "Execution",
            ],
            path: "Tests/TestSupport",
            swiftSettings: computing),
        // What no command of ours reaches yet: measured by the benchmarks, and tested like the
        // rest.
        .target(
            name: "BenchmarkModels", dependencies: ["ClusterModel", "Planning"],
            path: "Tests/BenchmarkModels", swiftSettings: computing),
        .target(
            name: "FaultScenarios",
            dependencies: [
                "ClusterModel", "Telemetry", "PlacementPolicy", "Planning", "PlanChecking",
                "Execution", "HypervisorInterface", "Simulation", "Scenarios",
            ],
            path: "Tests/FaultScenarios", swiftSettings: computing),
        .executableTarget(
            name: "kvmbalance-bench",
            dependencies: [
                "Planning", "PlanChecking", "PlacementPolicy", "ClusterModel", "TestSupport",
                "FaultScenarios", "Scenarios", "Simulation", "Execution", "Replay", "Telemetry",
                "BenchmarkModels", "History", "Persistence", argumentParser,
            ],
            path: "Tests/Benchmarks", exclude: ["run", "hbal-side-by-side"], swiftSettings: strict),
        tests("PlacementPolicyTests", ["PlacementPolicy", "ClusterModel"]),
        tests(
            "PlanningTests",
            ["Planning", "PlanChecking", "PlacementPolicy", "ClusterModel", "TestSupport"]),
        tests(
            "PlanCheckingTests",
            ["PlanChecking", "PlacementPolicy", "ClusterModel", "TestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)

// Coverage-guided fuzzing has a `main` of its own: only for Tests/Fuzz/run.
if Context.environment["KVMBALANCE_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "kvmbalance-fuzz",
            dependencies: [
                "ClusterModel", "PlacementPolicy", "Planning", "PlanChecking", "Libvirt",
                "KVMBalanceCommands", "Operations", "History", "Scenarios", "Telemetry",
                "Replay", "Simulation", argumentParser,
            ],
            path: "Tests/Fuzz", exclude: ["corpus", "run"],
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])]))
}
