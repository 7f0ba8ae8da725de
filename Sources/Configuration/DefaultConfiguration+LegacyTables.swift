extension DefaultConfiguration {
    /// First part of imta.cnf.
    var rewriteRules: String {
        var rules = [("$*", "$A$E$F$U%$H$V$H@\(hostname)"), (hostname, "$U%$D@\(hostname)")]
        if !isOneName { rules.append((defaultDomain, "$U%$D@\(hostname)")) }
        for name in ["process", "reprocess", "conversion", "defragment", "bitbucket"] {
            let template = "$U@\(name).\(hostname)@\(name)-daemon"
            rules += [(name, template), ("\(name).\(hostname)", template)]
        }
        rules += [
            (".lmtp", "$E$F$U%$H.lmtp@lmtpcs-daemon"), (".lmtp", "$B$F$U%$H@$H@lmtpcs-daemon"),
            ("[]", "$E$R${INTERNAL_IP,$L}$U%[$L]@tcp_intranet-daemon"),
            ("! .\(defaultDomain)", "$U%$H$D@tcp_intranet-daemon"), (".", "$U%$H@tcp-daemon"),
        ]
        return "! rewrite rules\n" + rules.map { $0.padding(to: 31) + $1 + "\n" }.joined()
    }

    /// Second part of imta.cnf.
    var channelBlocks: String {
        #"""
        defaults logging nosendpost nowarnpost postheadonly noswitchchannel immnonurgent \
         maxjobs 7 notices 1 2 4 7

        l viaaliasrequired
        \#(hostname)

        ims-ms defragment backoff PT5M PT10M PT30M PT1H PT2H PT4H fileinto $U+$S@$D \
         maxjobs 2 notices 1 7 14 21 28 pool IMS_POOL
        ims-ms-daemon

        tcp_local smtp mx single_sys identnonenumeric switchchannel remotehost \
         maytlsserver maytlsclient maysaslserver rejectsmtplonglines loopcheck \
         saslswitchchannel tcp_auth pool SMTP_POOL
        tcp-daemon

        tcp_intranet smtp mx single_sys identnonenumeric allowswitchchannel \
         routelocal dequeue_removeroute maytlsserver maytlsclient maysaslserver loopcheck \
         defaulthost \#(defaultDomain) \#(defaultDomain) saslswitchchannel tcp_auth pool SMTP_POOL
        tcp_intranet-daemon

        tcp_submit smtp submit mx single_sys identnonenumeric musttlsserver mustsaslserver \
         rejectsmtplonglines defaulthost \#(defaultDomain) \#(defaultDomain) \
         saslswitchchannel tcp_submit pool SMTP_POOL
        tcp_submit-daemon

        tcp_auth smtp mx single_sys identnonenumeric maytlsserver mustsaslserver \
         defaulthost \#(defaultDomain) \#(defaultDomain) pool SMTP_POOL
        tcp_auth-daemon

        tcp_lmtpcs lmtp nomx single_sys defragment connectcanonical multigate \
         dequeue_removeroute fileinto @$4O:$U+$S@$D port 225 pool SMTP_POOL
        lmtpcs-daemon

        tcp_lmtpss lmtp
        tcp_lmtpss-daemon

        process
        process-daemon

        reprocess
        reprocess-daemon

        conversion
        conversion-daemon

        defragment notices 4
        defragment-daemon

        hold
        hold-daemon

        bitbucket
        bitbucket-daemon

        filter_discard notices 7
        FILTER-DISCARD
        """#
    }

    /// The mapping tables.
    var mappings: String {
        #"""
        INTERNAL_IP

          127.0.0.1             $Y
          ${::1/128}            $Y
        \#(ownAddresses.map { internalAddress($0) + "\n" }.joined())  *                     $N

        PORT_ACCESS

          TCP|*|\#(ports.lmtp)|127.0.0.1|*   $Y
          TCP|*|\#(ports.lmtp)|*|*           $N554$ 5.7.1$ LMTP$ is$ only$ for$ the$ relays$ of$ this$ site
          TCP|*|\#(ports.admin)|127.0.0.1|*   $Y
          TCP|*|\#(ports.admin)|*|*           $N
          *|*|*|*|*                $C$|INTERNAL_IP;$3|$Y$E
          *                        $YEXTERNAL

        ORIG_SEND_ACCESS

          tcp_*|*|ims-ms*|*           $N
          tcp_*|*|process*|*          $N
          tcp_*|*|reprocess*|*        $N
          tcp_*|*|conversion*|*       $N
          tcp_*|*|defragment|*        $N
          tcp_*|*|hold|*              $N
          tcp_*|*|bitbucket|*         $N
          tcp_*|*|filter_discard|*    $N
          tcp_*|*|tcp_submit|*        $N
          tcp_*|*|tcp_auth|*          $N
          tcp_*|*|tcp_lmtp*|*         $N
          tcp_*|*|tcp_intranet|*@tcp_intranet-daemon  $N
          tcp_local|*|tcp_local|*     $NRelaying$ not$ allowed
          tcp_local|*|l|*             $Y
          tcp_local|*|tcp_intranet|*  $Y
          tcp_local|*|*|*             $NRelaying$ not$ allowed

        HTTP_ACCESS

          127.0.0.1|*|*|*|GET|/*      $Y
          *                           $N
        """#
    }
}
