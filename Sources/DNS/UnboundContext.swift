import CUnbound

/// Setting up a context of libunbound.
enum UnboundContext {
    static func create(_ configuration: ResolverConfiguration) throws(ResolverSetupError) -> OpaquePointer {
        guard let context = ub_ctx_create() else {
            throw ResolverSetupError(setting: "resolver", reason: "libunbound could not be set up (out of memory)")
        }
        do throws(ResolverSetupError) {
            try configure(context, configuration)
            return context
        } catch {
            ub_ctx_delete(context)
            throw error
        }
    }

    private static func configure(
        _ context: OpaquePointer, _ configuration: ResolverConfiguration
    ) throws(ResolverSetupError) {
        // Resolvers on the loopback interface are the rule, not the exception.
        try check("do-not-query-localhost", ub_ctx_set_option(context, "do-not-query-localhost:", "no"))
        // Names that the library would answer by itself (RFC 6303 reverse zones) belong to the site's resolver.
        try check("unblock-lan-zones", ub_ctx_set_option(context, "unblock-lan-zones:", "yes"))
        // A thread of the library, not a forked process, does the work.
        try check("resolver", ub_ctx_async(context, 1))
        if configuration.servers.isEmpty {
            if ub_ctx_resolvconf(context, configuration.resolverFile) != 0 {
                try check("resolver 127.0.0.1", ub_ctx_set_fwd(context, "127.0.0.1"))
            }
        }
        for server in configuration.servers {
            try check("resolver \(server)", ub_ctx_set_fwd(context, server))
        }
        if let file = configuration.trustAnchorFile {
            try check("trust anchors in \(file)", ub_ctx_add_ta_file(context, file))
        }
        if let file = configuration.hostsFile {
            // Its only other error is memory; a missing hosts file is no error.
            _ = ub_ctx_hosts(context, file)
        }
        // Likewise names of RFC 6303, 6761 and 8375 that sites do serve, once a resolver is named for them. This ends the
        // setting up, so it comes last.
        for zone in ["test.", "home.arpa.", "127.in-addr.arpa."] where !configuration.servers.isEmpty {
            _ = ub_ctx_zone_remove(context, zone)
        }
    }

    private static func check(_ setting: String, _ code: Int32) throws(ResolverSetupError) {
        guard code != 0 else { return }
        throw ResolverSetupError(setting: setting, reason: String(cString: ub_strerror(code)))
    }
}
