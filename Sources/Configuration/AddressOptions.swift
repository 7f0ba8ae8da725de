import OptionSyntax

extension MTAOptions {
    /// The options that decide how addresses are looked up, reversed and forwarded, typed.
    package struct Addresses: Hashable, Sendable {
        /// `alias_magic`: the alias sources, ones digit first (aliases specification, 3.1).
        package var aliasMagic: Int
        /// `alias_domains` (aliases specification, 3.2).
        package var aliasDomains: Int
        /// `use_reverse_database` and `use_forward_database` (aliases specification, 7.2 and 8).
        package var reverseBits: Int
        package var forwardBits: Int
        /// `reverse_envelope`: the envelope From is reversed too.
        package var reversesEnvelope: Bool
        /// `domain_uplevel` bit 0: a domain that has no entry is ours when one above it is (rewrite-rules
        /// specification, section 9).
        package var searchesUplevel: Bool
        /// `ldap_local_host` and `ldap_host_alias_list`: further names of this host.
        package var hostAliases: [String]
        /// `ldap_domain_attr_routing_hosts`, in lower case.
        package var routingHostsAttribute: String
        /// `route_to_routing_host`: an address of a domain that others serve gets a route through the first of them.
        package var routesToRoutingHost: Bool

        init(_ options: OptionStore) {
            func integer(_ name: String) -> Int { options.integer("mta." + name) ?? 0 }
            aliasMagic = integer("alias_magic")
            aliasDomains = integer("alias_domains")
            reverseBits = integer("use_reverse_database")
            forwardBits = integer("use_forward_database")
            reversesEnvelope = options.boolean("mta.reverse_envelope")
            searchesUplevel = integer("domain_uplevel") & 1 == 1
            hostAliases = ["mta.ldap_local_host", "mta.ldap_host_alias_list"].flatMap { name in
                (options.string(name) ?? "").split { $0 == "," || $0 == " " }.map(String.init)
            }
            routingHostsAttribute =
                (options.string("mta.ldap_domain_attr_routing_hosts") ?? "mailRoutingHosts").lowercased()
            routesToRoutingHost = integer("route_to_routing_host") != 0
        }
    }
}
