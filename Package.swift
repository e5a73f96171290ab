// swift-tools-version: 6.2
import PackageDescription

/// The targets of Foreshard, lowest first: a target depends only on targets above it.
/// Pure targets (no sockets, files, logging or clocks) link no package that does I/O; Tests/HouseRulesTests checks it.
let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let collections = Target.Dependency.product(name: "Collections", package: "swift-collections")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "foreshard",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        // Values and protocol, pure.
        .target(name: "ClusterModel", swiftSettings: strict),
        .target(name: "WireProtocol", dependencies: [nioCore, crypto], swiftSettings: strict),
        .systemLibrary(name: "CPgQuery", providers: [.apt(["libpg-query-dev", "libprotobuf-c-dev"])]),
        .systemLibrary(
            name: "CLinearAlgebra", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev", "liblapacke-dev"])]),
        .systemLibrary(name: "CLBFGS", providers: [.apt(["liblbfgs-dev"])]),
        .systemLibrary(name: "CLibical", pkgConfig: "libical", providers: [.apt(["libical-dev"])]),
        .target(name: "SQLAnalysis", dependencies: ["ClusterModel", "CPgQuery"], swiftSettings: strict),
        .target(name: "Routing", dependencies: ["ClusterModel", "SQLAnalysis"], swiftSettings: strict),
        .target(
            name: "Forecasting", dependencies: ["ClusterModel", "CLBFGS", "CLinearAlgebra"], swiftSettings: strict),
        .target(name: "Traces", dependencies: ["ClusterModel", "Forecasting"], swiftSettings: strict),
        .target(name: "Evaluation", dependencies: ["ClusterModel", "Forecasting"], swiftSettings: strict),
        .target(name: "Planning", dependencies: ["ClusterModel"], swiftSettings: strict),
        .target(name: "Takeover", dependencies: ["ClusterModel"], swiftSettings: strict),
        .target(name: "Simulation", dependencies: ["ClusterModel", "Planning"], swiftSettings: strict),
        .target(
            name: "Backtest", dependencies: ["ClusterModel", "Forecasting", "Planning", "Simulation"],
            swiftSettings: strict),

        // I/O.
        .target(
            name: "TransportSecurity", dependencies: ["ClusterModel", crypto, nioCore, nioSSL, nioTLS],
            swiftSettings: strict),
        .target(
            name: "PostgresClient",
            dependencies: [
                "ClusterModel", "TransportSecurity", "WireProtocol", collections, nioCore, nioPosix,
            ],
            swiftSettings: strict),
        .target(name: "LocalPostgres", dependencies: ["ClusterModel"], swiftSettings: strict),
        .target(name: "Calendars", dependencies: ["CLibical", "ClusterModel"], swiftSettings: strict),
        .target(name: "Settings", dependencies: ["ClusterModel", "Forecasting", yams], swiftSettings: strict),
        .target(
            name: "UsageMetrics",
            dependencies: [
                "ClusterModel", "Forecasting", "PostgresClient", asyncHTTPClient, nioCore, nioHTTP1,
            ],
            swiftSettings: strict),
        .target(name: "History", dependencies: ["ClusterModel", "Forecasting", grdb], swiftSettings: strict),
        .target(
            name: "LogImport", dependencies: ["ClusterModel", "Routing", "SQLAnalysis"], swiftSettings: strict),
        .target(name: "Migration", dependencies: ["ClusterModel", "PostgresClient", nioCore], swiftSettings: strict),
        .target(
            name: "ContingentPool",
            dependencies: [
                "ClusterModel", "LocalPostgres", "PostgresClient", "WireProtocol",
            ],
            swiftSettings: strict),
        .target(
            name: "Catalog",
            dependencies: [
                "ClusterModel", "ContingentPool", "Migration", "Takeover", grdb,
            ],
            swiftSettings: strict),
        .target(
            name: "Proxy",
            dependencies: [
                "ClusterModel", "Routing", "SQLAnalysis", "TransportSecurity", "WireProtocol", collections, logging,
                nioCore, nioPosix, nioSSL, nioTLS,
            ],
            swiftSettings: strict),
        .target(
            name: "ControlPlane",
            dependencies: [
                "Calendars", "Catalog", "ClusterModel", "ContingentPool", "Forecasting", "History", "LocalPostgres",
                "Migration", "Planning", "PostgresClient", "Proxy", "Routing", "SQLAnalysis", "Settings", "Takeover",
                "Traces", "TransportSecurity", "UsageMetrics", "WireProtocol", collections, logging,
            ],
            swiftSettings: strict),
        .target(
            name: "Admin",
            dependencies: [
                "Catalog", "ClusterModel", "ContingentPool", "ControlPlane", "Planning", hummingbird, logging, nioCore,
            ],
            swiftSettings: strict),
        .target(name: "Workload", dependencies: ["ClusterModel", "PostgresClient"], swiftSettings: strict),
        .target(
            name: "Demonstration",
            dependencies: [
                "Catalog", "ClusterModel", "ContingentPool", "ControlPlane", "Forecasting", "LocalPostgres", "Planning",
                "PostgresClient", "Routing", "Settings", "Simulation", "Traces", "Workload", logging,
            ], resources: [.copy("Resources/worldcup98")],
            swiftSettings: strict),

        .target(
            name: "Campaign",
            dependencies: ["ClusterModel", "ContingentPool", "Migration", "Planning", "Simulation"],
            swiftSettings: strict),

        // The one executable.
        .executableTarget(
            name: "foreshard",
            dependencies: [
                "Admin", "Backtest", "ClusterModel", "ControlPlane", "Demonstration", "Evaluation", "Forecasting",
                "History", "LogImport", "Migration", "Planning", "Routing", "Settings", "Takeover", "Traces",
                argumentParser, logging,
            ],
            swiftSettings: strict),

        // Tests, cheap ones first.
        .target(
            name: "TestServers", dependencies: ["ClusterModel", "LocalPostgres"], path: "Tests/TestServers",
            swiftSettings: strict),
        .testTarget(name: "ClusterModelTests", dependencies: ["ClusterModel"], swiftSettings: strict),
        .testTarget(
            name: "WireProtocolTests",
            dependencies: [
                "ClusterModel", "WireProtocol", nioCore,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SQLAnalysisTests",
            dependencies: [
                "ClusterModel", "SQLAnalysis",
            ], exclude: ["Golden"],
            swiftSettings: strict),
        .testTarget(
            name: "RoutingTests",
            dependencies: [
                "ClusterModel", "PostgresClient", "Routing", "SQLAnalysis", "TestServers",
            ], exclude: ["Golden"],
            swiftSettings: strict),
        .testTarget(
            name: "ForecastingTests",
            dependencies: [
                "ClusterModel", "Forecasting", "Traces",
            ], exclude: ["Golden"],
            swiftSettings: strict),
        .testTarget(
            name: "EvaluationTests", dependencies: ["ClusterModel", "Evaluation", "Forecasting"],
            swiftSettings: strict),
        .testTarget(
            name: "TracesTests",
            dependencies: [
                "ClusterModel", "Forecasting", "Traces",
            ],
            swiftSettings: strict),
        .testTarget(name: "CalendarsTests", dependencies: ["Calendars", "ClusterModel"], swiftSettings: strict),
        .testTarget(name: "TakeoverTests", dependencies: ["ClusterModel", "Takeover"], swiftSettings: strict),
        .testTarget(name: "PlanningTests", dependencies: ["ClusterModel", "Planning"], swiftSettings: strict),
        .testTarget(
            name: "BacktestTests",
            dependencies: [
                "Backtest", "ClusterModel", "Forecasting", "Planning", "Simulation",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "ClusterModel", "Planning", "Simulation",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CampaignTests",
            dependencies: ["Campaign", "ClusterModel", "ContingentPool", "Migration", "Planning"],
            swiftSettings: strict),
        .testTarget(name: "SettingsTests", dependencies: ["ClusterModel", "Settings"], swiftSettings: strict),
        .testTarget(name: "WorkloadTests", dependencies: ["ClusterModel", "Workload"], swiftSettings: strict),
        .testTarget(
            name: "HistoryTests",
            dependencies: [
                "ClusterModel", "Forecasting", "History", grdb,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "LogImportTests",
            dependencies: [
                "ClusterModel", "LocalPostgres", "LogImport", "PostgresClient", "Routing", "SQLAnalysis", "TestServers",
            ], exclude: ["Samples"],
            swiftSettings: strict),
        .testTarget(
            name: "LocalPostgresTests", dependencies: ["ClusterModel", "LocalPostgres", "TestServers"],
            swiftSettings: strict),
        .testTarget(
            name: "PostgresClientTests",
            dependencies: [
                "ClusterModel", "LocalPostgres", "PostgresClient", "TestServers", nioCore,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "UsageMetricsTests",
            dependencies: [
                "ClusterModel", "Forecasting", "LocalPostgres", "PostgresClient", "TestServers", "UsageMetrics",
                nioCore, nioHTTP1, nioPosix,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "MigrationTests",
            dependencies: [
                "ClusterModel", "Migration", "PostgresClient",
            ], exclude: ["Golden"],
            swiftSettings: strict),
        .testTarget(
            name: "ContingentPoolTests",
            dependencies: [
                "ClusterModel", "ContingentPool", "LocalPostgres", "PostgresClient", "TestServers",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CatalogTests",
            dependencies: [
                "Catalog", "ClusterModel", "ContingentPool", "Migration", "Takeover", grdb,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ProxyTests",
            dependencies: [
                "ClusterModel", "LocalPostgres", "Proxy", "Routing", "SQLAnalysis", "WireProtocol", logging, nioCore,
                nioPosix,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ControlPlaneTests",
            dependencies: [
                "ClusterModel", "ContingentPool", "ControlPlane", "Forecasting", "LocalPostgres", "Planning",
                "PostgresClient", "Routing", "Settings", "TestServers", logging, nioPosix,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "DemonstrationTests",
            dependencies: [
                "ClusterModel", "Demonstration", "Settings", "Workload",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SystemTests",
            dependencies: [
                "ClusterModel", "LocalPostgres", "Migration", "PostgresClient",
            ],
            swiftSettings: strict),
        .testTarget(name: "HouseRulesTests", swiftSettings: strict),

        // Benchmarks: scripts/bench runs them.
        .executableTarget(
            name: "RoutingBenchmark",
            dependencies: [
                "ClusterModel", "Routing", "SQLAnalysis", "CPgQuery",
            ], path: "Benchmarks/RoutingBenchmark",
            swiftSettings: strict),
        .executableTarget(
            name: "ForecastBenchmark",
            dependencies: [
                "ClusterModel", "Forecasting", "Traces",
            ], path: "Benchmarks/ForecastBenchmark",
            swiftSettings: strict),
        .executableTarget(
            name: "ImportBenchmark",
            dependencies: [
                "ClusterModel", "LogImport", "Routing",
            ], path: "Benchmarks/ImportBenchmark",
            swiftSettings: strict),
        .executableTarget(
            name: "PlanBenchmark", dependencies: ["ClusterModel", "Planning"], path: "Benchmarks/PlanBenchmark",
            swiftSettings: strict),
        .executableTarget(
            name: "CampaignBenchmark", dependencies: ["Campaign"], path: "Benchmarks/CampaignBenchmark",
            swiftSettings: strict),
        .executableTarget(
            name: "HistoryBenchmark", dependencies: ["ClusterModel", "History", grdb],
            path: "Benchmarks/HistoryBenchmark", swiftSettings: strict),
        .executableTarget(
            name: "PoolBenchmark", dependencies: ["ClusterModel", "ContingentPool", "LocalPostgres", "PostgresClient"],
            path: "Benchmarks/PoolBenchmark", swiftSettings: strict),
    ]
)
