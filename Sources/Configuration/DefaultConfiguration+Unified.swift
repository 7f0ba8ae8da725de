extension DefaultConfiguration {
    /// The text of martlet.conf.
    package var unified: String {
        [unifiedOptions, unifiedTables, Self.unifiedChannels, unifiedAliases].joined(separator: "\n\n")
    }

    /// A line that disables a service, when it is to be.
    private func disabled(_ service: String) -> String {
        disabledServices.contains(service) ? "role.dispatcher.service:\(service).enable = 0\n" : ""
    }

    private var unifiedOptions: String {
        #"""
        ! martlet.conf - default configuration of an embedded instance

        instance.base.hostname = \#(hostname)
        role.base.defaultdomain = \#(defaultDomain)
        role.base.directory = file:IMTA_TABLE:directory
        role.base.tls_certificate = IMTA_TABLE:tls/server.pem
        role.base.tls_key = IMTA_TABLE:tls/server.key

        ! --- MTA options (only what differs from the built-in defaults)
        role.mta.enable = 1
        role.mta.block_limit = 51200
        role.mta.delivery_options = \#(Self.deliveryOptions)
        role.mta.log_connection = 131
        role.mta.log_filename = 1
        role.mta.log_message_id = 1
        role.mta.log_process = 1
        role.mta.log_queue_time = 1
        role.mta.log_reason = 1
        role.mta.log_username = 1

        ! --- Dispatcher
        role.dispatcher.historical_time = 0
        role.dispatcher.max_conns = 50
        role.dispatcher.max_idle_time = 600
        role.dispatcher.max_life_conns = 10000
        role.dispatcher.max_life_time = 86400
        role.dispatcher.max_procs = 10
        role.dispatcher.max_shutdown = 2
        role.dispatcher.min_conns = 30
        role.dispatcher.min_procs = 1
        \#(disabled("SMTP"))role.dispatcher.service:SMTP.image = IMTA_BIN:tcp_smtp_server
        role.dispatcher.service:SMTP.logfilename = IMTA_LOG:tcp_smtp_server.log
        role.dispatcher.service:SMTP.tcp_ports = \#(ports.smtp)
        \#(disabled("SMTP_SUBMIT"))role.dispatcher.service:SMTP_SUBMIT.image = IMTA_BIN:tcp_smtp_server
        role.dispatcher.service:SMTP_SUBMIT.logfilename = IMTA_LOG:tcp_submit_server.log
        role.dispatcher.service:SMTP_SUBMIT.parameter = CHANNEL=tcp_submit
        role.dispatcher.service:SMTP_SUBMIT.ssl_ports = \#(ports.submissions)
        role.dispatcher.service:SMTP_SUBMIT.tcp_ports = \#(ports.submission)
        \#(disabled("LMTPSS"))role.dispatcher.service:LMTPSS.image = IMTA_BIN:tcp_lmtp_server
        role.dispatcher.service:LMTPSS.interface_address = 127.0.0.1
        role.dispatcher.service:LMTPSS.logfilename = IMTA_LOG:tcp_lmtpss_server.log
        role.dispatcher.service:LMTPSS.parameter = CHANNEL=tcp_lmtpss
        role.dispatcher.service:LMTPSS.tcp_ports = \#(ports.lmtp)
        \#(disabled("ADMIN"))role.dispatcher.service:ADMIN.image = IMTA_BIN:http_admin
        role.dispatcher.service:ADMIN.interface_address = 127.0.0.1
        role.dispatcher.service:ADMIN.logfilename = IMTA_LOG:http_admin.log
        role.dispatcher.service:ADMIN.max_procs = 2
        role.dispatcher.service:ADMIN.max_shutdown = 1
        role.dispatcher.service:ADMIN.tcp_ports = \#(ports.admin)

        ! --- Job Controller
        role.job_controller.job_pool:DEFAULT.job_limit = 10
        role.job_controller.job_pool:IMS_POOL.job_limit = 2
        role.job_controller.job_pool:SMTP_POOL.job_limit = 10
        role.job_controller.channel_class:bitbucket (novalue)
        role.job_controller.channel_class:conversion*.master_command = IMTA_BIN:conversion
        role.job_controller.channel_class:defragment.master_command = IMTA_BIN:defragment
        role.job_controller.channel_class:filter_discard (novalue)
        role.job_controller.channel_class:hold.master_command = IMTA_BIN:reprocess
        role.job_controller.channel_class:ims-ms*.master_command = IMTA_BIN:ims_master
        role.job_controller.channel_class:ims-ms*.max_life_askwork = 20000
        role.job_controller.channel_class:ims-ms*.max_life_time = 14400
        role.job_controller.channel_class:process*.master_command = IMTA_BIN:reprocess
        role.job_controller.channel_class:reprocess*.master_command = IMTA_BIN:reprocess
        role.job_controller.channel_class:tcp_*.anon_host = 0
        role.job_controller.channel_class:tcp_*.master_command = IMTA_BIN:tcp_smtp_client

        ! --- Scheduler
        role.schedule.enable = 1
        role.schedule.task:purge.crontab = 0 0,4,8,12,16,20 * * * lib/purge -num=5
        role.schedule.task:return_job.crontab = 30 0 * * * lib/return_job
        """#
    }

    private var unifiedTables: String {
        #"""
        [rewrites]
        ! domains the directory knows as ours
          $*                             $A$E$F$U%$H$V$H@&/IMTA_HOST/
        ! this host, the default domain
          &/IMTA_HOST/                   $U%$D@&/IMTA_HOST/
        \#(isOneName ? "" : "  &/IMTA_DEFAULTDOMAIN/          $U%$D@&/IMTA_HOST/\n")! internal channels by name
          process                        $U@process.&/IMTA_HOST/@process-daemon
          process.&/IMTA_HOST/           $U@process.&/IMTA_HOST/@process-daemon
          reprocess                      $U@reprocess.&/IMTA_HOST/@reprocess-daemon
          reprocess.&/IMTA_HOST/         $U@reprocess.&/IMTA_HOST/@reprocess-daemon
          conversion                     $U@conversion.&/IMTA_HOST/@conversion-daemon
          conversion.&/IMTA_HOST/        $U@conversion.&/IMTA_HOST/@conversion-daemon
          defragment                     $U@defragment.&/IMTA_HOST/@defragment-daemon
          defragment.&/IMTA_HOST/        $U@defragment.&/IMTA_HOST/@defragment-daemon
          bitbucket                      $U@bitbucket.&/IMTA_HOST/@bitbucket-daemon
          bitbucket.&/IMTA_HOST/         $U@bitbucket.&/IMTA_HOST/@bitbucket-daemon
        ! store hosts reached by LMTP (used only with the lmtp delivery option)
          .lmtp                          $E$F$U%$H.lmtp@lmtpcs-daemon
          .lmtp                          $B$F$U%$H@$H@lmtpcs-daemon
        ! clients by address: ours or not
          []                             $E$R${INTERNAL_IP,$L}$U%[$L]@tcp_intranet-daemon
        ! other hosts of our domain; take the mark away when there are any
        !  .&/IMTA_DEFAULTDOMAIN/        $U%$H$D@tcp_intranet-daemon
        ! everybody else
          .                              $U%$H@tcp-daemon

        [mapping:INTERNAL_IP]
          127.0.0.1             $Y
          ${::1/128}            $Y
        ! the host's own addresses
        \#(ownAddresses.map { internalAddress($0) + "\n" }.joined())  *                     $N

        [mapping:PORT_ACCESS]
          TCP|*|\#(ports.lmtp)|127.0.0.1|*   $Y
          TCP|*|\#(ports.lmtp)|*|*           $N554$ 5.7.1$ LMTP$ is$ only$ for$ the$ relays$ of$ this$ site
          TCP|*|\#(ports.admin)|127.0.0.1|*   $Y
          TCP|*|\#(ports.admin)|*|*           $N
          *|*|*|*|*                $C$|INTERNAL_IP;$3|$Y$E
          *                        $YEXTERNAL

        [mapping:ORIG_SEND_ACCESS]
        ! 1: nobody on the network addresses an internal channel by its name
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
        ! 2: no relaying between strangers
          tcp_local|*|tcp_local|*     $NRelaying$ not$ allowed
        ! 3: what strangers may reach
          tcp_local|*|l|*             $Y
          tcp_local|*|tcp_intranet|*  $Y
        ! 4: and nothing else (channels a site adds later)
          tcp_local|*|*|*             $NRelaying$ not$ allowed

        [mapping:HTTP_ACCESS]
          127.0.0.1|*|*|*|GET|/*      $Y
          *                           $N
        """#
    }

    private var unifiedAliases: String {
        let domain = "&/IMTA_DEFAULTDOMAIN/"
        let host = "&/IMTA_HOST/"
        let lines = aliasPairs(host: host, domain: domain)
            .map { "  " + ($0.name + ":").padding(to: 39) + $0.value + "\n" }
        return "[aliases]\n" + lines.joined()
    }

    /// Alias names and values of both forms.
    func aliasPairs(host: String, domain: String) -> [(name: String, value: String)] {
        let postmaster = "postmaster@" + domain
        var pairs = [(name: postmaster, value: "postmaster@ims-ms-daemon")]
        if !isOneName { pairs.append(("postmaster@" + host, postmaster)) }
        pairs.append(("root@" + domain, postmaster))
        if !isOneName { pairs.append(("root@" + host, postmaster)) }
        return pairs + [("abuse@" + domain, postmaster), ("mailer-daemon@" + domain, postmaster)]
    }
}
