extension DefaultConfiguration {
    /// The channels of martlet.conf; nothing in them depends on the instance.
    static let unifiedChannels = #"""
        [channel:defaults]
          logging nosendpost nowarnpost postheadonly noswitchchannel immnonurgent
          maxjobs = 7
          notices = 1 2 4 7

        [channel:l]
          official_host_name = &/IMTA_HOST/
          viaaliasrequired

        [channel:ims-ms]
          official_host_name = ims-ms-daemon
          defragment
          backoff = PT5M PT10M PT30M PT1H PT2H PT4H
          fileinto = $U+$S@$D
          maxjobs = 2
          notices = 1 7 14 21 28
          pool = IMS_POOL
          options.STORE = maildir
          options.MAILDIR_ROOT = IMTA_STORE:

        [channel:tcp_local]
          official_host_name = tcp-daemon
          smtp mx single_sys identnonenumeric switchchannel remotehost
          maytlsserver maytlsclient maysaslserver rejectsmtplonglines loopcheck
          saslswitchchannel = tcp_auth
          pool = SMTP_POOL

        [channel:tcp_intranet]
          official_host_name = tcp_intranet-daemon
          smtp mx single_sys identnonenumeric allowswitchchannel
          routelocal dequeueremoveroute
          maytlsserver maytlsclient maysaslserver loopcheck
          defaulthost = &/IMTA_DEFAULTDOMAIN/ &/IMTA_DEFAULTDOMAIN/
          saslswitchchannel = tcp_auth
          pool = SMTP_POOL

        [channel:tcp_submit]
          official_host_name = tcp_submit-daemon
          smtp submit mx single_sys identnonenumeric
          musttlsserver mustsaslserver rejectsmtplonglines
          defaulthost = &/IMTA_DEFAULTDOMAIN/ &/IMTA_DEFAULTDOMAIN/
          saslswitchchannel = tcp_submit
          pool = SMTP_POOL

        [channel:tcp_auth]
          official_host_name = tcp_auth-daemon
          smtp mx single_sys identnonenumeric
          maytlsserver mustsaslserver
          defaulthost = &/IMTA_DEFAULTDOMAIN/ &/IMTA_DEFAULTDOMAIN/
          pool = SMTP_POOL

        [channel:tcp_lmtpcs]
          official_host_name = lmtpcs-daemon
          lmtp nomx single_sys defragment connectcanonical multigate dequeueremoveroute
          fileinto = @$4O:$U+$S@$D
          port = 225
          pool = SMTP_POOL

        [channel:tcp_lmtpss]
          official_host_name = tcp_lmtpss-daemon
          lmtp

        [channel:process]
          official_host_name = process-daemon

        [channel:reprocess]
          official_host_name = reprocess-daemon

        [channel:conversion]
          official_host_name = conversion-daemon

        [channel:defragment]
          official_host_name = defragment-daemon
          notices = 4

        [channel:hold]
          official_host_name = hold-daemon

        [channel:bitbucket]
          official_host_name = bitbucket-daemon

        [channel:filter_discard]
          official_host_name = FILTER-DISCARD
          notices = 7
        """#
}
