package import AddressRewriting
package import Aliases
package import Channels
package import Mappings
package import OptionSyntax

/// The whole configuration of the MTA: one immutable, validated snapshot, whichever form it was written in.
package struct MTAConfiguration: Sendable {
    /// How it is written down.
    package enum Form: String, Sendable {
        /// dispatcher.cnf, imta.cnf and their companions.
        case legacy
        /// martlet.conf.
        case unified
    }

    package var form: Form
    package var paths: InstancePaths
    package var symbols: SymbolTable
    /// `base.hostname`.
    package var hostname: String
    /// `mta.ldap_default_domain`, else `base.defaultdomain`.
    package var defaultDomain: String
    /// Plain options by name, with their origin.
    package var options: OptionStore
    package var dispatcher: DispatcherConfiguration
    package var jobController: JobControllerConfiguration
    package var mta: MTAOptions
    package var channels: ChannelTable
    package var rewriteRules: RewriteRules
    /// The rules as written, symbols replaced, in the order of the configuration.
    package var ruleSources: [RewriteRuleSource]
    package var mappings: MappingTables
    /// `general.txt` and the like.
    package var databases: TextDatabases
    package var aliases: AliasFile
    /// The conversions file without comments; blank lines end entries.
    package var conversions: [LogicalLine]
    /// Path of the directory file (`base.directory = file:PATH`); nil without a directory.
    package var directoryFile: String?
    /// Paths of the TLS certificate and its key; nil when not set.
    package var tlsCertificate: String?
    package var tlsKey: String?
    /// Path of certificates in PEM that the SMTP client trusts besides those of the system; nil: none.
    package var tlsCA: String?
    package var security: SecurityOptions
    /// Tasks of the scheduler; empty when it is not enabled.
    package var tasks: [ScheduledTask]
    /// Everything that was set, under unified names and as written, for `ConfigurationListing`.
    package var explicit: [OptionSetting]
}

/// What loading a configuration gave: a snapshot unless there were errors, and all findings.
package struct ConfigurationLoad: Sendable {
    package var configuration: MTAConfiguration?
    package var diagnostics: Diagnostics
}
