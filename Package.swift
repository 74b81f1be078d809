// swift-tools-version: 6.1
import PackageDescription

// The extension is built alone, once per server version, with the standard library linked statically
// (`make extension`); everything else is built without the server's headers.
let buildsExtension = Context.environment["FORGE_EXTENSION"] == "1"

// Code that runs inside a Postgres backend: no concurrency runtime, no run-time exclusivity checks (docs/safety.md).
let backendSettings: [SwiftSetting] = [
    .unsafeFlags([
        "-enforce-exclusivity=unchecked",
        "-Xfrontend", "-disable-implicit-concurrency-module-import",
        "-Xfrontend", "-disable-implicit-string-processing-module-import",
    ])
]
let exactArithmetic: [CSetting] = [.unsafeFlags(["-O3", "-ffp-contract=off", "-fno-math-errno"])]
let xgboost = ".deps/xgboost/xgboost/lib"

let backendTargets: [Target] = [
    .target(name: "CForgeABI"),
    .target(
        name: "CForgeMath", dependencies: ["CForgeABI"], cSettings: exactArithmetic,
        linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
    .target(name: "ForgeModel", dependencies: ["CForgeMath", "CForgeABI"], swiftSettings: backendSettings),
    .target(name: "ForgeSQL", dependencies: ["CForgeABI", "ForgeModel"], swiftSettings: backendSettings),
]

let extensionTargets: [Target] = [
    .target(
        name: "CForgePG", dependencies: ["CForgeABI", "CForgeMath", "ForgeSQL"],
        linkerSettings: [
            .unsafeFlags([
                "-Xlinker", "--version-script=\(Context.packageDirectory)/sql/extension/forge.exports",
                // The library's own calls go straight to its own functions, whatever else the server has loaded.
                "-Xlinker", "-Bsymbolic",
            ])
        ])
]

// `scripts/fuzz.sh` builds this one, with sanitizers, in a folder of its own.
let buildsFuzzer = Context.environment["FORGE_FUZZ"] == "1"
let fuzzTargets: [Target] = [
    .executableTarget(
        name: "fuzz-decoder", dependencies: ["ForgeSQL", "CForgeABI"], path: "Tests/fuzz",
        swiftSettings: [.unsafeFlags(["-parse-as-library"])])
]

let sidecarTargets: [Target] = [
    .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    // SHA-256 of the artifact; libpq needs it anyway, so it costs no build and no library more.
    .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    // XXH3, the fingerprint of the training data: every byte read goes through it, and SHA-256 took longer than the copying.
    .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .target(
        name: "CXGBoost",
        linkerSettings: [
            .unsafeFlags([
                "-L\(Context.packageDirectory)/\(xgboost)", "-lxgboost",
                "-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../lib/forge",
                "-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../../../\(xgboost)",
            ])
        ]),
    .target(
        name: "CForgeGrow", dependencies: ["CForgeMath"], cSettings: exactArithmetic,
        linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
    .target(name: "ForgeLinalg", dependencies: ["COpenBLAS"]),
    // What networks compute between matrix products; their activations are those of the scoring kernel.
    .target(name: "CForgeNeural", dependencies: ["CForgeMath"], cSettings: exactArithmetic),
    .target(
        name: "ForgeLearn", dependencies: ["ForgeModel", "ForgeLinalg", "CForgeGrow", "CForgeNeural", "CForgeMath", "CXGBoost", "CLibCrypto", "CXXHash"]),
    .target(name: "ForgePQ", dependencies: ["CLibPQ"]),
    .target(name: "ForgeStore", dependencies: ["ForgePQ", "ForgeModel"], plugins: ["EmbedSQL"]),
    .target(
        name: "ForgeBridge",
        dependencies: [
            "ForgeStore", "ForgePQ", "ForgeModel", "ForgeLearn",
            .product(name: "Logging", package: "swift-log"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        ]),
    .target(name: "ForgeCluster"),
    .executableTarget(
        name: "forged",
        dependencies: [
            "ForgeBridge", "ForgeStore", "ForgePQ",
            .product(name: "Logging", package: "swift-log"),
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
    .executableTarget(
        name: "forgectl",
        dependencies: [
            "ForgeStore", "ForgePQ", "ForgeModel", "ForgeCluster", "Yams",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ]),
    // Writes migrations/ and sql/ into ForgeStore as string literals, so that the programs carry them.
    .executableTarget(name: "embed-sql"),
    .plugin(name: "EmbedSQL", capability: .buildTool(), dependencies: ["embed-sql"]),
    .target(name: "ForgeTestSupport", dependencies: ["ForgePQ", "ForgeStore"], path: "Tests/ForgeTestSupport"),
    .executableTarget(
        name: "regress-fixtures", dependencies: ["ForgeModel"], path: "Tests/regress/fixtures", exclude: ["models.sql", "setup.sql", "training.sql"]),
    .testTarget(
        name: "ForgeModelTests", dependencies: ["ForgeModel", "ForgeSQL", "CForgeMath", "CForgeABI"], exclude: ["Goldens"]),
    .testTarget(
        name: "ForgeLearnTests",
        dependencies: ["ForgeLearn", "ForgeLinalg", "ForgeModel", "CForgeMath", "CForgeGrow", "CForgeNeural", "CForgeABI", "CXGBoost"]),
    .testTarget(name: "ForgeStoreTests", dependencies: ["ForgeStore", "ForgePQ", "ForgeModel", "ForgeTestSupport"]),
    .testTarget(
        name: "ForgeBridgeTests",
        dependencies: [
            "ForgeBridge", "ForgeStore", "ForgePQ", "ForgeModel", "ForgeTestSupport",
            .product(name: "Logging", package: "swift-log"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        ]),
    .testTarget(name: "FaultTests", dependencies: ["forged", "ForgeStore", "ForgePQ", "ForgeTestSupport"]),
    .testTarget(
        name: "ForgeCLITests", dependencies: ["forgectl", "ForgeCluster", "ForgeStore", "ForgePQ", "ForgeModel", "ForgeTestSupport"],
        exclude: ["Snapshots"]),
]

let package = Package(
    name: "forge",
    platforms: [.macOS(.v15)],
    products: buildsExtension
        ? [.library(name: "forge", type: .dynamic, targets: ["CForgePG"])]
        : buildsFuzzer
        ? [.executable(name: "fuzz-decoder", targets: ["fuzz-decoder"])]
        : [.executable(name: "forged", targets: ["forged"]), .executable(name: "forgectl", targets: ["forgectl"])],
    dependencies: buildsExtension || buildsFuzzer
        ? []
        : [
            .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
            .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
            .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
            .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        ],
    targets: backendTargets + (buildsExtension ? extensionTargets : buildsFuzzer ? fuzzTargets : sidecarTargets)
)
