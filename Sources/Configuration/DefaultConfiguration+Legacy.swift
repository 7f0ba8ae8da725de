extension DefaultConfiguration {
    /// The legacy files by name, without the directory file.
    package var legacy: [String: String] {
        let files = [
            "dispatcher.cnf": dispatcherFile, "imta.cnf": rewriteRules + "\n" + channelBlocks, "mappings": mappings,
            "aliases": aliases, "option.dat": mtaOptions, "job_controller.cnf": Self.jobController,
            "ims-ms_option": Self.storeOptions, "msg.conf": messagingOptions, "conversions": "",
        ]
        return files.mapValues { $0.isEmpty || $0.hasSuffix("\n") ? $0 : $0 + "\n" }
    }

    private var aliases: String {
        aliasPairs(host: hostname, domain: defaultDomain)
            .map { ($0.name + ":").padding(to: 30) + $0.value + "\n" }.joined()
    }

    private func legacyDisabled(_ service: String) -> String {
        disabledServices.contains(service) ? "ENABLE=0\n" : ""
    }

    /// dispatcher.cnf
    private var dispatcherFile: String {
        #"""
        ! VERSION=1.1
        MIN_PROCS=1
        MAX_PROCS=10
        MIN_CONNS=30
        MAX_CONNS=50
        MAX_SHUTDOWN=2
        MAX_LIFE_TIME=86400
        MAX_LIFE_CONNS=10000
        MAX_IDLE_TIME=600
        HISTORICAL_TIME=0
        !
        [SERVICE=SMTP]
        \#(legacyDisabled("SMTP"))PORT=\#(ports.smtp)
        IMAGE=IMTA_BIN:tcp_smtp_server
        LOGFILE=IMTA_LOG:tcp_smtp_server.log
        !
        [SERVICE=SMTP_SUBMIT]
        \#(legacyDisabled("SMTP_SUBMIT"))PORT=\#(ports.submission)
        TLS_PORT=\#(ports.submissions)
        IMAGE=IMTA_BIN:tcp_smtp_server
        LOGFILE=IMTA_LOG:tcp_submit_server.log
        PARAMETER=CHANNEL=tcp_submit
        !
        [SERVICE=LMTPSS]
        \#(legacyDisabled("LMTPSS"))PORT=\#(ports.lmtp)
        INTERFACE_ADDRESS=127.0.0.1
        IMAGE=IMTA_BIN:tcp_lmtp_server
        LOGFILE=IMTA_LOG:tcp_lmtpss_server.log
        PARAMETER=CHANNEL=tcp_lmtpss
        !
        [SERVICE=ADMIN]
        \#(legacyDisabled("ADMIN"))PORT=\#(ports.admin)
        INTERFACE_ADDRESS=127.0.0.1
        IMAGE=IMTA_BIN:http_admin
        LOGFILE=IMTA_LOG:http_admin.log
        MAX_PROCS=2
        MAX_SHUTDOWN=1
        """#
    }

    /// option.dat
    private var mtaOptions: String {
        #"""
        BLOCK_LIMIT=51200
        DELIVERY_OPTIONS=\#(Self.deliveryOptions)
        LOG_CONNECTION=131
        LOG_FILENAME=1
        LOG_MESSAGE_ID=1
        LOG_PROCESS=1
        LOG_QUEUE_TIME=1
        LOG_REASON=1
        LOG_USERNAME=1
        """#
    }

    /// job_controller.cnf
    private static var jobController: String {
        #"""
        [POOL=DEFAULT]
        job_limit=10
        [POOL=IMS_POOL]
        job_limit=2
        [POOL=SMTP_POOL]
        job_limit=10
        [CHANNEL=bitbucket]
        [CHANNEL=conversion*]
        master_command=IMTA_BIN:conversion
        [CHANNEL=defragment]
        master_command=IMTA_BIN:defragment
        [CHANNEL=filter_discard]
        [CHANNEL=hold]
        master_command=IMTA_BIN:reprocess
        [CHANNEL=ims-ms*]
        master_command=IMTA_BIN:ims_master
        max_life_conns=20000
        max_life_age=14400
        [CHANNEL=process*]
        master_command=IMTA_BIN:reprocess
        [CHANNEL=reprocess*]
        master_command=IMTA_BIN:reprocess
        [CHANNEL=tcp_*]
        anon_host=0
        master_command=IMTA_BIN:tcp_smtp_client
        """#
    }

    /// ims-ms_option
    private static var storeOptions: String {
        #"""
        STORE=maildir
        MAILDIR_ROOT=IMTA_STORE:
        """#
    }

    /// msg.conf
    private var messagingOptions: String {
        #"""
        local.hostname = "\#(hostname)"
        service.defaultdomain = "\#(defaultDomain)"
        local.directory = "file:IMTA_TABLE:directory"
        local.tls.certificate = "IMTA_TABLE:tls/server.pem"
        local.tls.key = "IMTA_TABLE:tls/server.key"
        local.imta.enable = "1"
        local.schedule.enable = "1"
        local.schedule.return_job = "30 0 * * * lib/return_job"
        local.schedule.purge = "0 0,4,8,12,16,20 * * * lib/purge -num=5"
        """#
    }
}
