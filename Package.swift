// swift-tools-version: 6.2
import PackageDescription

// Floors of modules: a target imports only targets of lower floors (docs/architecture.md).
// `make check` verifies it from this file and from the imports themselves.

/// `make check` asks for warnings as errors; a build by somebody with a newer compiler must not fail for them.
let strictness: [SwiftSetting] =
    Context.environment["MARTLET_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]

let settings: [SwiftSetting] =
    strictness + [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func executable(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: "Sources/Executables/\(name)", swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(name: name + "Tests", dependencies: [.target(name: name)] + dependencies, swiftSettings: settings)
}

let package = Package(
    name: "martlet",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "WorkerKit", targets: ["WorkerKit"]),
        // One program under two names: the service's image says whether it speaks SMTP or LMTP.
        .executable(name: "tcp_smtp_server", targets: ["tcp_smtp_server"]),
        .executable(name: "tcp_lmtp_server", targets: ["tcp_smtp_server"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    ],
    targets: [
        // Floor 0: system
        .target(name: "CSystemCalls"),
        .systemLibrary(name: "CUnbound", providers: [.apt(["libunbound-dev"])]),
        .systemLibrary(name: "CCrypt", providers: [.apt(["libcrypt-dev"])]),
        library("SystemCalls", ["CSystemCalls"]),
        // Floor 1: syntax
        library("OptionSyntax"),
        library("Envelope"),
        library("InternetMessage"),
        library("SMTP"),
        library("SASL", ["CCrypt", crypto, cryptoExtras]),
        // Floor 2: tables
        library("Mappings", ["OptionSyntax"]),
        library("Channels", ["OptionSyntax"]),
        // Floor 3: address policy
        library("AddressRewriting", ["OptionSyntax", "Mappings"]),
        library("Aliases", ["OptionSyntax", "InternetMessage"]),
        // Floor 4: configuration
        library(
            "Configuration",
            ["SystemCalls", "OptionSyntax", "InternetMessage", "Mappings", "Channels", "AddressRewriting", "Aliases"]),
        // Floor 5: engine
        library("ProcessPool", ["SystemCalls", "OptionSyntax"]),
        library("Spool", ["CSystemCalls", "SystemCalls", "Envelope"]),
        library("DNS", ["SystemCalls", "CUnbound"]),
        library("MessageStore", ["SystemCalls", "InternetMessage"]),
        library("MeterMaid", ["SystemCalls", "Configuration", "Mappings"]),
        library("TransactionLog", ["SystemCalls", "Envelope", "InternetMessage"]),
        // Floor 6: contracts and submission
        library("WorkerKit", ["SystemCalls", "ProcessPool"]),
        library("SPF", ["DNS"]),
        library("MasterKit", ["SystemCalls", "ProcessPool", "Envelope", "Spool"]),
        library(
            "Enqueue",
            [
                "SystemCalls", "OptionSyntax", "Envelope", "InternetMessage", "Mappings", "Channels",
                "AddressRewriting", "Aliases", "Configuration", "Spool", "TransactionLog", crypto,
            ]),
        // Floor 7: what is built on submission
        library(
            "Notifications",
            ["SystemCalls", "Channels", "Envelope", "InternetMessage", "Enqueue", "Configuration", "Spool"]),
        // Floor 8: services
        library(
            "Dispatcher",
            [
                "SystemCalls", "OptionSyntax", "ProcessPool", "DNS", "TransactionLog", "Configuration", "Mappings",
                "InternetMessage", "MeterMaid",
            ]),
        library(
            "JobController",
            [
                "SystemCalls", "OptionSyntax", "ProcessPool", "Configuration", "Channels", "Envelope", "Spool",
                "MasterKit", "TransactionLog", heap,
            ]),
        library(
            "SMTPServer",
            [
                "SystemCalls", "OptionSyntax", "WorkerKit", "SMTP", "SASL", "Configuration", "Channels", "Mappings",
                "Aliases", "Envelope", "InternetMessage", "Enqueue", "Spool", "MessageStore", "TransactionLog",
                "MasterKit", "ProcessPool", "DNS", "SPF", "MeterMaid", nioCore, nioPosix, nioTLS, nioSSL, logging,
                crypto, x509,
            ]),
        library(
            "SMTPClient",
            [
                "SystemCalls", "OptionSyntax", "MasterKit", "SMTP", "SASL", "DNS", "Configuration", "Channels",
                "Mappings", "Envelope", "InternetMessage", "Enqueue", "Spool", "Notifications", "TransactionLog",
                nioCore, nioPosix, nioTLS, nioSSL, logging,
            ]),
        library(
            "ChannelPrograms",
            [
                "SystemCalls", "OptionSyntax", "MasterKit", "Configuration", "Channels", "Aliases", "Envelope",
                "InternetMessage", "Enqueue", "Spool", "MessageStore", "Notifications", "TransactionLog", logging,
            ]),
        library(
            "Commands",
            [
                "SystemCalls", "OptionSyntax", "Configuration", "Enqueue", "AddressRewriting",
                "InternetMessage", "Aliases", "Channels", "Mappings", "Envelope", "ProcessPool", "SASL", "SMTP",
                "Spool", "TransactionLog",
                argumentParser, crypto, x509,
            ]),
        // Floor 9: executables
        executable("martlet", ["Commands", argumentParser]),
        executable("dispatcher", ["Dispatcher"]),
        executable("job_controller", ["JobController"]),
        executable("tcp_smtp_server", ["SMTPServer"]),
        executable("tcp_smtp_client", ["SMTPClient"]),
        executable("ims_master", ["ChannelPrograms", "SMTPClient"]),
        executable("reprocess", ["ChannelPrograms"]),
        executable("echo_worker", ["WorkerKit", "SystemCalls"]),
        executable("null_worker", ["WorkerKit", "SystemCalls"]),
        // Tests
        tests("SystemCalls"),
        tests("OptionSyntax"),
        tests("Envelope"),
        tests("InternetMessage"),
        tests("SMTP", ["SystemCalls"]),
        tests(
            "SMTPServer",
            [
                "SystemCalls", "OptionSyntax", "Envelope", "InternetMessage", "SMTP", "SASL", "Aliases",
                "Configuration", "DNS", "SPF", "MessageStore", "Enqueue", nioCore, nioSSL,
            ]),
        tests("SASL", [crypto, cryptoExtras]),
        tests("Mappings", ["OptionSyntax"]),
        tests("Channels", ["OptionSyntax"]),
        tests("AddressRewriting", ["OptionSyntax", "Mappings"]),
        tests("Aliases", ["OptionSyntax", "InternetMessage"]),
        tests("Configuration", ["OptionSyntax", "Mappings", "Channels", "AddressRewriting", "Aliases", "SystemCalls"]),
        tests("ProcessPool", ["SystemCalls", "OptionSyntax"]),
        tests("MasterKit", ["SystemCalls", "ProcessPool", "Envelope", "Spool"]),
        tests("TransactionLog", ["SystemCalls", "Envelope", "InternetMessage"]),
        tests(
            "Enqueue",
            [
                "SystemCalls", "OptionSyntax", "Envelope", "InternetMessage", "Mappings", "Channels",
                "AddressRewriting",
                "Aliases", "Configuration", "Spool", "TransactionLog",
            ]),
        tests(
            "Notifications",
            [
                "SystemCalls", "OptionSyntax", "Channels", "Envelope", "InternetMessage", "Enqueue", "Configuration",
                "Spool", "TransactionLog",
            ]),
        tests(
            "ChannelPrograms",
            [
                "SystemCalls", "OptionSyntax", "Channels", "Envelope", "InternetMessage", "Enqueue", "Configuration",
                "Spool", "Notifications", "TransactionLog",
            ]),
        tests(
            "SMTPClient",
            [
                "SystemCalls", "OptionSyntax", "DNS", "Channels", "Mappings", "Envelope", "Spool", "MasterKit",
                "ProcessPool", "SMTP", "SASL", nioCore, nioPosix,
            ]),
        tests(
            "Commands",
            [
                "SystemCalls", "OptionSyntax", "InternetMessage", "Mappings", "Channels", "AddressRewriting", "Aliases",
                "Configuration", "Enqueue", "Envelope", "ProcessPool", "Spool", "TransactionLog", argumentParser,
            ]),
        tests("Spool", ["SystemCalls", "Envelope"]),
        tests("DNS", ["SystemCalls"]),
        .testTarget(
            name: "SPFTests", dependencies: ["SPF", "DNS"], exclude: ["openspf"], swiftSettings: settings),
        tests("MessageStore", ["SystemCalls", "InternetMessage"]),
        tests("MeterMaid", ["Configuration", "Mappings", "OptionSyntax", "SystemCalls"]),
        tests(
            "Dispatcher",
            [
                "OptionSyntax", "SystemCalls", "ProcessPool", "DNS", "Mappings", "WorkerKit", "Configuration",
                "echo_worker", "dispatcher",
            ]),
        tests(
            "JobController",
            ["OptionSyntax", "SystemCalls", "ProcessPool", "Envelope", "Spool", "MasterKit", "Configuration"]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "SystemCalls", "martlet", "dispatcher", "job_controller", "tcp_smtp_server", "tcp_smtp_client",
                "ims_master", "reprocess",
            ], swiftSettings: settings),
    ]
)

// `make bench-addresses` and `make fuzz` ask for their tools; no build of the product makes them.
if Context.environment["MARTLET_TOOLS"] != nil {
    package.targets += [
        .executableTarget(
            name: "address_policy",
            dependencies: [
                "OptionSyntax", "Mappings", "AddressRewriting", "Configuration", "Enqueue",
            ],
            path: "Benchmarks/AddressPolicy", swiftSettings: settings),
        .executableTarget(
            name: "queue_load",
            dependencies: ["SystemCalls", "Envelope", "Spool", "MasterKit", "JobController"],
            path: "Benchmarks/QueueLoad", swiftSettings: settings),
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "SystemCalls", "OptionSyntax", "Envelope", "InternetMessage", "SMTP", "SASL", "Mappings",
                "AddressRewriting", "Aliases", "Configuration", "ProcessPool", "Spool", "MasterKit", "DNS", "SPF",
                "MessageStore", "MeterMaid", "TransactionLog", "Enqueue", "Commands",
            ],
            path: "Fuzz", swiftSettings: settings),
    ]
}
