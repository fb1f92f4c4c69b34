import Testing

/// Which target may import what: the arrows of ARCHITECTURE.md, held against the code.
struct ImportTests {
    /// Our own targets and the libraries each may see; the system's modules are judged below.
    static let allowed: [String: Set<String>] = [
        "ClusterModel": [],
        "Telemetry": ["ClusterModel"],
        "PlacementPolicy": ["ClusterModel", "Yams"],
        "Planning": ["ClusterModel", "PlacementPolicy"],
        "PlanChecking": ["ClusterModel", "PlacementPolicy"],
        "Execution": ["ClusterModel"],
        "HypervisorInterface": ["ClusterModel", "Telemetry"],
        "Simulation": [
            "ClusterModel", "Telemetry", "HypervisorInterface", "Execution", "Actuation",
        ],
        "Scenarios": [
            "ClusterModel", "Telemetry", "PlacementPolicy", "Planning", "PlanChecking", "Execution",
            "HypervisorInterface", "Simulation",
        ],
        "Replay": ["ClusterModel", "Telemetry", "PlacementPolicy"],
        "Libvirt": [
            "CLibvirt", "CLibxml2", "ClusterModel", "Telemetry", "HypervisorInterface",
        ],
        "Persistence": ["ClusterModel", "Telemetry", "Execution", "GRDB"],
        "Sampling": [
            "ClusterModel", "Telemetry", "HypervisorInterface", "Logging", "ServiceLifecycle",
        ],
        "Actuation": ["ClusterModel", "HypervisorInterface", "Execution"],
        "Operations": [
            "ClusterModel", "Telemetry", "PlacementPolicy", "Planning", "PlanChecking",
            "Execution", "HypervisorInterface", "Replay", "Persistence", "Sampling", "Actuation",
            "Logging", "ServiceLifecycle",
        ],
        "History": [
            "ClusterModel", "Telemetry", "PlacementPolicy", "Planning", "PlanChecking", "Replay",
            "Persistence", "Operations",
        ],
        "Rendering": [
            "ClusterModel", "Telemetry", "Planning", "Execution", "Replay", "Operations",
            "History",
        ],
        "KVMBalanceCommands": [
            "ClusterModel", "Telemetry", "PlacementPolicy", "Planning", "Execution",
            "HypervisorInterface", "Simulation", "Scenarios", "Replay", "Libvirt", "Persistence",
            "Sampling",
            "Actuation", "Operations", "History", "Rendering", "ArgumentParser", "Logging",
            "ServiceLifecycle",
            "UnixSignals",
        ],
        "kvmbalance": ["KVMBalanceCommands", "ArgumentParser"],
    ]

    /// Modules of the platform that touch the world; the pure targets do without them.
    static let platform: Set<String> = [
        "Foundation", "FoundationEssentials", "FoundationXML", "FoundationNetworking", "Glibc",
        "Dispatch", "Synchronization",
    ]
    static let pure: Set<String> = [
        "ClusterModel", "Telemetry", "PlacementPolicy", "Planning", "PlanChecking", "Execution",
        "HypervisorInterface", "Replay",
    ]

    @Test func everyImportIsAnArrowOfTheArchitecture() throws {
        let files = try Repository.swiftFiles(under: "Sources")
        #expect(files.count > 50)
        for file in files {
            let allowed = try #require(
                Self.allowed[file.target], "target \(file.target) is not in the table")
            for module in file.imports where !allowed.contains(module) {
                let isPlatform = Self.platform.contains(module)
                #expect(
                    isPlatform && !Self.pure.contains(file.target),
                    "\(file.path) imports \(module): nothing points up, and pure targets do nothing"
                )
            }
        }
    }
}

extension Repository.SourceFile {
    /// The modules this file imports, whatever the access level of the import.
    var imports: [String] {
        lines.compactMap { line in
            guard line.contains("import ") else { return nil }
            let statement =
                /(?:@\w+ )?(?:package |public )?import (?:(?:struct|class|enum|func) )?(\w+)/
            guard let match = line.prefixMatch(of: statement) else { return nil }
            return String(match.1)
        }
    }
}
