import OptionSyntax

extension MTAOptions {
    /// What access tables are probed with besides the usual fields (access-and-filtering specification, 3 and 4).
    package struct Access: Hashable, Sendable {
        /// `access_orcpt`, `access_counts`: 1 all recipient tables, 2 ORIG_SEND_ACCESS, 4 SEND_ACCESS, 8
        /// ORIG_MAIL_ACCESS, 16 MAIL_ACCESS.
        package var originalRecipientBits: Int
        package var countBits: Int
        /// `include_conversiontag`: 8 ORIG_SEND_ACCESS, 16 SEND_ACCESS, 32 ORIG_MAIL_ACCESS, 64 MAIL_ACCESS.
        package var conversionTagBits: Int
        /// `use_orig_return`: from-address is that of MAIL FROM as the client gave it.
        package var usesGivenSender: Bool
        /// `use_auth_return`: from-address is that of who has logged in, where somebody has.
        package var usesAuthenticatedSender: Bool
        /// `blocked_mail_from_ips`: addresses that make a domain count as none, without brackets.
        package var blockedSenderAddresses: [String]

        init(_ options: OptionStore) {
            func integer(_ name: String) -> Int { options.integer("mta." + name) ?? 0 }
            originalRecipientBits = integer("access_orcpt")
            countBits = integer("access_counts")
            conversionTagBits = integer("include_conversiontag")
            usesGivenSender = integer("use_orig_return") != 0
            usesAuthenticatedSender = integer("use_auth_return") != 0
            blockedSenderAddresses = (options.string("mta.blocked_mail_from_ips") ?? "")
                .split { ", []".contains($0) }.map { $0.lowercased() }
        }
    }

    /// `spf_*`: how SPF results are answered (access-and-filtering specification, 10).
    package struct SenderPolicy: Hashable, Sendable {
        package var maxRecursion: Int
        package var maxQueries: Int
        /// Seconds.
        package var maxTime: Int
        /// First digits of replies, 2, 4 or 5, by result.
        package var fail: Int
        package var failByAll: Int
        package var softFail: Int
        package var softFailByAll: Int
        package var temporaryError: Int
        package var permanentError: Int

        init(_ options: OptionStore) {
            func integer(_ name: String, _ usual: Int) -> Int { options.integer("mta.spf_" + name) ?? usual }
            maxRecursion = integer("max_recursion", 10)
            maxQueries = integer("max_dns_queries", 10)
            maxTime = integer("max_time", 45)
            fail = integer("smtp_status_fail", 5)
            failByAll = integer("smtp_status_fail_all", 5)
            softFail = integer("smtp_status_softfail", 2)
            softFailByAll = integer("smtp_status_softfail_all", 2)
            temporaryError = integer("smtp_status_temperror", 4)
            permanentError = integer("smtp_status_permerror", 5)
        }
    }
}
