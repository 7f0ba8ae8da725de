extension OptionCatalogue {
    /// One row an option: name, kind, default (`-` for none), range `low-high` or `low-`, which ends with 32 bits. A header
    /// names the groups that the rows below belong to, and behind them what activates a change of their options; a row
    /// that differs says so after `@`. Dispatcher specification, sections 3.2 and 4; Job Controller specification, section
    /// 3; notifications and logging specification, sections 2.6 and 5.
    static let table = """
        [dispatcher dispatcher.service] dispatcher
        backlog integer - 1-65535
        debug mask 0
        dns_verify_domain list -
        enable boolean 1
        enable_rbl ignored -
        historical_time integer 0 0-
        ident boolean 0
        interface_address string -
        max_conns integer 10 1-1000
        max_handoffs integer 5 1-
        max_idle_time integer 600 1-
        max_life_conns integer 300 1-
        max_life_time integer 86400 1-
        max_procs integer 5 1-1000
        max_shutdown integer 2 1-
        min_conns integer 3
        min_procs integer 1 0-1000
        stacksize integer 2048000 65536-
        astlm ignored -
        biolm ignored -
        bytlm ignored -
        cpulm ignored -
        diolm ignored -
        enqlm ignored -
        fillm ignored -
        jtquota ignored -
        pgflquota ignored -
        prclm ignored -
        tqelm ignored -
        wsdefault ignored -
        wsextent ignored -
        wsquota ignored -
        ucx_hold ignored -
        host ignored -
        priority ignored -
        [dispatcher] dispatcher
        log_versions integer 5 0-
        use_nslog boolean 0
        [dispatcher.service] dispatcher
        image path -
        logfilename path -
        parameter string -
        tcp_ports ports -
        ssl_ports ports -
        user string -
        busy_reply integer 0 0-3600
        max_conns_per_client integer 0 0-
        pregreet_delay integer 0 0-5000
        [job_controller] reload
        args ignored -
        capacity ignored -
        debug mask 0
        enable boolean 1 @instance
        interface_address ignored -
        listenaddr ignored -
        max_cache_messages integer 100000 10- @instance
        notices_check string task
        rebuild_in_order ignored 0
        rebuild_parallel_channels integer 12 1-100 @instance
        secret ignored -
        stressblackout integer 60 0-
        stressfactor integer 5 1-
        stressjobs integer 2 0-
        stresstime integer 120 1-
        synch_time interval /4:00 @instance
        tcp_ports ignored 27442
        unstressfactor integer 5 1-
        unstressjobs integer 2 0-
        unstresstime integer 120 1-
        use_nslog boolean 0 @instance
        [job_controller job_controller.job_pool] reload
        job_limit integer 1 1-10000
        [job_controller job_controller.channel_class] reload
        anon_host boolean 1
        master_command path -
        max_idle_time integer 60 0-
        max_life_askwork integer 10000 1-
        max_life_time integer 14400 1-
        nonurgent_delivery window -
        normal_delivery window -
        slave_command path NULL
        urgent_delivery window -
        [base] instance
        auth_socket path - @reload
        defaultdomain string - @reload
        directory string - @reload
        has_plain_passwords boolean 0 @reload
        hostname string -
        instancename string ims
        listenaddr string -
        oauth_audience string - @reload
        oauth_issuer string - @reload
        oauth_jwks path - @reload
        oauth_name_claim string email @reload
        plaintextmincipher integer 1 0- @reload
        rolename string mta
        sasl_mechanisms string - @reload
        ssladjustciphersuites string - @reload
        sslnicknames string - @reload
        tls_ca path -
        tls_certificate path - @reload
        tls_client_ca path - @reload
        tls_handshake_time integer 60 1-3600 @reload
        tls_key path - @reload
        tlsmaxversion string - @reload
        tlsminversion string TLS1.2 @reload
        tmpdir path -
        [base.autorestart] instance
        enable boolean 1
        timeout integer 600 0-
        [schedule] reload
        enable boolean 1
        [schedule schedule.task] reload
        time_limit integer 3600 0-31536000
        [schedule.task] reload
        crontab string -
        enable boolean -
        [mta] reload
        access_counts integer 0 0-
        access_errors boolean 0
        access_orcpt integer 0 0-
        alias_case string -
        alias_domains integer 6 0-
        alias_entry_cache_size integer 1000 0-
        alias_entry_cache_timeout integer 600 0-
        alias_magic integer 8764 0-
        alias_url0 string -
        alias_url1 string -
        alias_url2 string -
        alias_url3 string -
        allow_unquoted_addrs_violate_rfc2798 boolean 0
        alternate_recipient string -
        alternate_recipient_mode integer - 0-
        authrewrite_extra_headers string -
        autoreply_timeout_default integer 168 0-
        block_limit integer 0 0-
        block_size integer 1024 1-
        blocked_mail_from_ips string -
        bounce_block_limit integer - 0-
        comment_chars string -
        content_return_block_limit integer - 0-
        debug_flush boolean 0
        default_smtp_terminator string crlf
        defer_group_processing boolean 1
        delimiter_char string -
        delivery_options string -
        dequeue_debug integer 0 0-
        disable_delivery_receipt boolean 0
        domain_uplevel integer 0 0-
        enable boolean 1 @instance
        exproute_forward boolean 0
        filter_discard integer 1 1-3
        filter_jettison integer 1 1-3
        header_limit integer - 0-
        held_sndopr boolean 0
        history_to_return integer 20 1-200
        id_domain string -
        improute_forward boolean 0
        include_conversiontag integer 0 0-
        include_retries integer 0 0-
        langdir path -
        line_limit integer 0 0-
        lines_to_return integer 20 0-
        local_format_restrictions integer - 0-
        log_auth ignored -
        log_connection mask 0
        log_connections_syslog integer 0
        log_delivery_flags ignored -
        log_diagnostics integer 1 0-
        log_envelope_id integer 0 0-
        log_filename integer - 0-
        log_filter integer - 0-
        log_format integer 1 1-6
        log_frustration_limit ignored -
        log_header integer 0 0-3
        log_headers_maxchars integer - 0-
        log_imap_flags ignored -
        log_intermediate integer 0 0-
        log_local integer 0 0-1
        log_message_id integer - 0-
        log_messages_syslog integer 0
        log_node integer 0 0-
        log_notary integer - 0-
        log_priority integer - 0-
        log_process integer - 0-
        log_queue_time integer - 0-
        log_reason integer - 0-
        log_remote_mta integer 0 0-
        log_sensitivity ignored -
        log_sndopr boolean 0
        log_tls integer 0 0-1
        log_username integer - 0-
        log_delay_bins ignored -
        log_size_bins ignored -
        mapping_paranoia string ?
        max_alias_levels integer 10 1-
        max_fileintos integer 1 0-
        max_forwards integer 32 0-
        max_header_block_use string 0.5
        max_header_line_use string 0.5
        max_internal_blocks integer - 0-
        max_local_received_lines integer 10 1-
        max_mime_levels integer 100
        max_mime_parts integer 500
        max_mr_received_lines integer 20 1-
        max_notifys integer 5 0-
        max_received_lines integer 50 1-
        max_total_received_lines integer 100 1-
        max_vacations integer 2 0-
        max_x400_received_lines integer 50 1-
        message_hash_algorithm string md5
        message_hash_fields string -
        missing_recipient_policy integer 0 0-6
        mm_debug integer 0 0-
        non_urgent_block_limit integer - 0-
        normal_block_limit integer - 0-
        notary_decode integer -1
        notary_quote string -
        or_clauses boolean 0
        os_debug integer 0 0-
        post_debug integer 0 0-
        queue_cache_mode ignored -
        dns_resolver list - @dispatcher
        queue_min_free integer 67108864 0-1125899906842624
        received_domain string -
        received_version string -
        return_address string -
        return_cleanup_period integer 1 1-
        return_debug integer 0 0-
        return_delivery_history boolean 1
        return_envelope mask 0
        return_period integer 1 1-
        return_personal string -
        return_split_period integer 1 1-
        return_synch_period integer 1 1-
        return_units integer 0 0-1
        return_verify boolean 0
        reverse_envelope boolean 1
        reverse_url string -
        route_to_routing_host integer 0 0-
        separate_connection_log boolean 0
        sndopr_priority integer 5 0-7
        spf_max_dns_queries integer 10 0-
        spf_max_recursion integer 10 0-
        spf_max_time integer 45 0-
        spf_smtp_status_fail integer 5 2-5
        spf_smtp_status_fail_all integer 5 2-5
        spf_smtp_status_permerror integer 5 2-5
        spf_smtp_status_softfail integer 2 2-5
        spf_smtp_status_softfail_all integer 2 2-5
        spf_smtp_status_temperror integer 4 2-5
        strict_require boolean 0
        tmpdir path -
        urgent_block_limit integer - 0-
        url_result_cache_size integer 10000 0-
        url_result_cache_timeout integer 600 0-
        use_alias_database boolean 1
        use_auth_return integer 0 0-
        use_domain_database boolean 1
        use_errors_to boolean 0
        use_forward_database integer 0 0-
        use_orig_return integer 0 0-
        use_permanent_error integer 0 0-
        use_reverse_database integer 5 0-
        use_temporary_error integer 0 0-
        use_text_databases integer 0 0-7
        use_warnings_to boolean 0
        vacation_cleanup integer 200 1-
        vacation_template string -
        """
}
