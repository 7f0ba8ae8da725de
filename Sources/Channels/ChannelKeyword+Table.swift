extension ChannelKeyword {
    /// Channels specification, section 5, as data. Each row: mark, effect, exclusive group (`-` for none), members.
    /// A member is `name`, `name:argument` or `name:integer:range` and ends in `*` when it is in force without being
    /// given. A range is `low..high`; a bound that is left out is that of 32 bits.
    ///
    /// Whether code reads a keyword decides about its effect: whoever adds such code changes the row. docs/channels.md
    /// shows the table to administrators.
    static let table = """
        ! Host name and identity of the channel
        rare    idle     -         description:word caption:word
        ! Transport selection and line ends
        core    yes      proto     smtp smtp_crlf
        rare    no       proto     smtp_cr smtp_lf smtp_crorlf
        core    yes      proto     nosmtp* lmtp
        rare    yes      proto     lmtp_crlf
        rare    no       proto     lmtp_cr lmtp_lf lmtp_crorlf
        core    yes      -         submit
        rare    no       msx       msexchange
        rare    yes      msx       nomsexchange*
        ! Host selection for outgoing SMTP
        core    yes      mx        mx nomx
        rare    no       mx        nodns
        core    yes      mx        defaultmx*
        common  yes      mx        randommx nonrandommx
        rare    no       mx        affinitylist
        rare    yes      ns        nameservers:addresses defaultnameservers*
        common  yes      -         lastresort:word
        core    yes      -         daemon:word port:integer:1..65535
        common  yes      -         interfaceaddress:address
        common  yes      mgate     multigate
        common  yes      mgate     nomultigate*
        common  yes      conn      connectalias*
        common  yes      conn      connectcanonical
        rare    yes      cache     cacheeverything* cachefailures cachesuccesses nocache
        ! Envelope and queue-file layout
        core    yes      copies    multiple single single_sys
        common  yes      -         addrsperfile:integer:1..
        rare    idle     subd      subdirs:integer:1..999 nosubdirs
        common  yes      -         dequeueremoveroute
        rare    yes      -         enqueueremoveroute
        common  yes      -         filesperjob:integer:..
        rare    no       -         addrsperjob:integer:..
        core    yes      -         maxjobs:integer:1..10000 pool:word
        common  yes      -         threaddepth:integer:1..1000000
        rare    idle     -         maxfiles:integer:0..
        rare    no       -         user:word
        ! When delivery runs
        core    idle     dir       master
        core    yes      dir       slave bidirectional*
        rare    idle     run       periodic
        rare    idle     -         period:integer:1..
        rare    yes      run       immediate*
        common  idle     imm       immnonurgent
        rare    yes      imm       immnormal*
        rare    idle     imm       immurgent
        rare    yes      -         after:word urgentafter:word normalafter:word nonurgentafter:word
        rare    yes      -         secondclassafter:word thirdclassafter:word
        rare    idle     -         urgentqueue:word normalqueue:word nonurgentqueue:word
        common  yes      -         urgentblocklimit:integer:0.. normalblocklimit:integer:0..
        common  yes      -         nonurgentblocklimit:integer:0..
        rare    yes      defd      deferreddestination:seconds:0..
        rare    yes      defd      nodeferreddestination*
        rare    yes      defs      deferredsource:seconds:0..
        rare    yes      defs      nodeferredsource*
        core    yes      -         backoff:durations
        common  yes      -         urgentbackoff:durations
        core    yes      -         normalbackoff:durations
        common  yes      -         nonurgentbackoff:durations
        rare    no       -         ipbackoff:durations
        core    yes      -         notices:integers
        common  yes      -         urgentnotices:integers normalnotices:integers
        common  yes      -         nonurgentnotices:integers
        ! Notifications
        common  yes      sendpost  sendpost copysendpost errsendpost nosendpost*
        common  yes      warnpost  warnpost copywarnpost errwarnpost nowarnpost*
        common  yes      postc     postheadonly
        common  yes      postc     postheadbody*
        common  yes      retaddr   returnaddress:word noreturnaddress*
        rare    yes      retpers   returnpersonal:word noreturnpersonal*
        rare    yes      -         aliaspostmaster
        common  yes      -         returnenvelope:integer:0..
        common  yes      final     includefinal*
        common  yes      final     suppressfinal
        rare    yes      final     useintermediate
        rare    yes      -         notary*
        rare    no       report    reportboth
        rare    yes      report    reportheader*
        rare    no       report    reportnotary reportsuppress
        common  yes      -         notificationchannel:channel
        common  no       -         dispositionchannel:channel
        rare    no       -         language:word
        rare    no       quota     exquota
        rare    yes      quota     noexquota*
        rare    no       quota     holdexquota
        ! SMTP server: identification and checks at connect
        common  yes      ident     identnone
        rare    yes      ident     identnonelimited identnonesymbolic
        core    yes      ident     identnonenumeric*
        rare    no       ident     identtcp identtcplimited identtcpsymbolic identtcpnumeric
        common  yes      fwd       forwardchecknone*
        common  yes      fwd       forwardchecktag forwardcheckdelete
        common  yes      dnsv      mailfromdnsverify
        common  yes      dnsv      nomailfromdnsverify*
        common  yes      spf       spfnone*
        common  yes      -         spfhelo
        common  yes      spf       spfmailfrom spfrcptto
        ! SMTP server: source channel switching
        core    yes      switch    switchchannel allowswitchchannel* noswitchchannel
        core    yes      sasw      saslswitchchannel:channel
        core    yes      sasw      nosaslswitchchannel*
        common  yes      -         tlsswitchchannel:channel
        rare    no       -         userswitchchannel
        ! SMTP server/client: TLS and SASL
        core    yes      tlsc      maytlsclient
        core    yes      tlss      maytlsserver
        core    yes      tlsc      musttlsclient
        core    yes      tlss      musttlsserver
        core    yes      tlsc      notlsclient*
        core    yes      tlss      notlsserver*
        core    yes      sasls     maysaslserver
        core    yes      sasls     mustsaslserver nosaslserver*
        common  yes      saslc     maysaslclient
        common  yes      saslc     mustsaslclient nosaslclient*
        common  yes      -         authusername:word authpassword:word
        rare    yes      -         externalidentity:word
        rare    no       -         client_auth:word
        common  yes      -         authrewrite:integer:0..63
        ! SMTP server: verbs and limits
        common  yes      ehlo      ehlo checkehlo noehlo
        rare    yes      -         refuseehlo
        rare    yes      etrn      allowetrn
        rare    yes      etrn      silentetrn*
        rare    yes      etrn      domainetrn
        rare    yes      etrn      disableetrn
        rare    yes      -         blocketrn
        rare    yes      setrn     sendetrn:word
        rare    yes      setrn     nosendetrn*
        rare    no       vrfyc     domainvrfy localvrfy
        rare    yes      vrfyc     novrfy*
        common  yes      vrfy      vrfyallow
        common  yes      vrfy      vrfydefault* vrfyhide
        common  yes      expn      expnallow
        common  yes      expn      expndefault* expndisable
        core    yes      chks      chunkingserver* nochunkingserver
        core    yes      chkc      chunkingclient* nochunkingclient
        rare    no       -         streaming:integer:0..3
        core    yes      accad     acceptvalidaddresses*
        rare    no       accad     acceptalladdresses
        common  yes      acctf     defertemporaryfailures*
        rare    no       acctf     accepttemporaryfailures
        core    yes      -         recipientlimit:integer:0..
        common  yes      -         recipientcutoff:integer:0.. deferralrejectlimit:integer:0..
        common  yes      -         disconnectrecipientlimit:integer:0.. disconnectrejectlimit:integer:0..
        common  yes      -         disconnecttransactionlimit:integer:0.. disconnectbadcommandlimit:integer:0..
        common  yes      -         disconnectbadauthlimit:integer:0..
        common  yes      -         transactionlimit:integer:0..
        common  yes      -         expandlimit:integer:0.. expandchannel:channel holdlimit:integer:0..
        common  yes      ll        truncatesmtplonglines* wrapsmtplonglines rejectsmtplonglines
        ! Size limits
        core    yes      blk       blocklimit:integer:0.. noblocklimit*
        core    yes      -         sourceblocklimit:integer:0..
        common  yes      lin       linelimit:integer:0..
        common  yes      lin       nolinelimit*
        rare    no       -         headerlimit:integer:0.. maxblocks:integer:0.. maxlines:integer:0..
        common  yes      -         linelength:integer:0..
        common  yes      -         alternatechannel:channel alternateblocklimit:integer:0..
        common  yes      -         alternatelinelimit:integer:0.. alternaterecipientlimit:integer:0..
        ! MIME, 8-bit, character set
        common  yes      8bit      eightbit
        core    yes      8bit      eightnegotiate*
        common  yes      8bit      eightstrict sevenbit
        common  yes      -         charset7:word charset8:word
        rare    yes      -         charsetesc:word
        rare    yes      -         utf8negotiate*
        rare    yes      -         utf8strict
        rare    idle     -         utf8header
        common  later    dfr       defragment
        common  yes      dfr       nodefragment*
        rare    idle     enc       ignoreencoding
        rare    yes      enc       interpretencoding*
        rare    idle     encm      ignoremessageencoding
        rare    yes      encm      interpretmessageencoding*
        rare    idle     encp      ignoremultipartencoding
        rare    yes      encp      interpretmultipartencoding*
        rare    no       octs      convert_octet_stream
        rare    yes      octs      noconvert_octet_stream*
        rare    no       thur      thurman
        rare    yes      thur      nothurman*
        rare    yes      pfmt      parameterformatdefault*
        rare    no       pfmt      parameterformatminimizeencoding parameterformatunencoded
        rare    no       -         parameterlengthlimit:integer:0.. nameparameterlengthlimit:integer:0..
        rare    no       hterm     relaxheadertermination
        rare    yes      hterm     limitheadertermination*
        ! Address form and rewriting
        common  yes      envad     822*
        rare    yes      envad     733 uucp
        rare    yes      hdrad     header_822*
        rare    no       hdrad     header_733 header_uucp
        rare    yes      bang      bangoverpercent nobangoverpercent* percentonly bangonly nobangorpercent
        rare    yes      expr      exproute
        rare    yes      expr      noexproute*
        rare    yes      impr      improute
        rare    yes      impr      noimproute*
        common  yes      rtl       routelocal noroutelocal*
        rare    yes      restr     restricted
        rare    yes      restr     unrestricted*
        common  yes      rev       reverse* noreverse
        rare    yes      rules     rules* norules
        common  yes      inner     inner
        common  yes      inner     noinner*
        common  yes      fixh      remotehost noremotehost*
        core    yes      fixh2     defaulthost:domains nodefaulthost*
        rare    yes      fixh3     authhost
        rare    yes      fixh3     noauthhost*
        common  yes      -         missingrecipientpolicy:integer:0..6
        common  yes      drp       dropblank
        common  yes      drp       nodropblank*
        common  yes      alias     aliaslocal noaliaslocal*
        rare    yes      -         aliasmagic:integer:0.. aliaswild
        common  yes      -         aliasdetourhost:word
        rare    no       -         aliasoptindetourhost:word
        core    yes      via       viaaliasrequired viaaliasoptional*
        common  yes      sub       subaddressexact subaddresswild subaddressrelaxed*
        rare    no       srsa      addresssrs
        rare    yes      srsa      noaddresssrs*
        rare    no       srss      sourcesrs
        rare    yes      srss      nosourcesrs*
        rare    no       srsd      destinationsrs
        rare    yes      srsd      nodestinationsrs*
        rare    no       srsh      headerdecodesrs
        rare    yes      srsh      noheaderdecodesrs*
        rare    yes      vloc      validatelocalnone*
        rare    no       vloc      validatelocalsystem validatelocalmsgstore
        rare    ignored  inl       inline
        rare    yes      inl       noinline*
        rare    refused  grey      grey
        rare    yes      grey      nogrey*
        rare    idle     -         usereplyto:integer:0..4 useresent:integer:0..2
        ! Headers
        common  yes      htrim     headertrim
        common  yes      htrim     noheadertrim*
        rare    yes      itrim     innertrim
        rare    yes      itrim     noinnertrim*
        common  yes      hread     headerread
        common  yes      hread     noheaderread*
        rare    idle     -         headerkeeporder
        rare    yes      hpos      headerinc*
        rare    no       hpos      headerbottom headeromit
        rare    yes      -         headerlabelalignment:integer:0..
        common  yes      -         headerlinelength:integer:1..
        rare    yes      hfold     headerfoldremove*
        rare    idle     hfold     headerfoldpreserve
        rare    yes      htrl      headertrailingremove*
        rare    idle     htrl      headertrailingpreserve
        rare    yes      -         maxheaderaddrs:integer:1.. maxheaderchars:integer:1..
        rare    no       -         maxprocchars:integer:0..
        common  yes      rpath     addreturnpath noaddreturnpath*
        common  yes      rfor      receivedfor* noreceivedfor
        rare    yes      rfrm      receivedfrom*
        rare    yes      rfrm      noreceivedfrom
        rare    yes      -         receivedstate:word
        common  yes      xenv      x_env_to
        common  yes      xenv      nox_env_to*
        rare    yes      cmt       commentinc*
        rare    no       cmt       commentmap commentomit commentstrip commenttotal
        rare    yes      scmt      sourcecommentinc*
        rare    no       scmt      sourcecommentmap sourcecommentomit sourcecommentstrip sourcecommenttotal
        rare    yes      pers      personalinc*
        rare    no       pers      personalmap personalomit personalstrip
        rare    yes      spers     sourcepersonalinc*
        rare    no       spers     sourcepersonalmap sourcepersonalomit sourcepersonalstrip
        rare    yes      dow       dayofweek*
        rare    no       dow       nodayofweek
        rare    yes      dat       datefour*
        rare    refused  dat       datetwo
        rare    no       sens      sensitivitynormal sensitivitypersonal sensitivityprivate
        rare    yes      sens      sensitivitycompanyconfidential*
        rare    yes      hash      generatemessagehash
        rare    yes      hash      keepmessagehash
        rare    yes      hash      deletemessagehash*
        ! Filters, spam interfaces, solicitation, conversion
        common  no       filt      filter:word
        common  yes      filt      nofilter*
        common  no       sfilt     sourcefilter:word
        common  yes      sfilt     nosourcefilter*
        common  no       dfilt     destinationfilter:word
        common  yes      dfilt     nodestinationfilter*
        core    later    fint      fileinto:word
        core    yes      fint      nofileinto*
        rare    idle     -         sourcetransitplugin:integer:0..
        rare    yes      -         sourcenosolicit:word destinationnosolicit:word
        rare    no       -         sourceconversiontag:word
        rare    no       -         deliveryflags:integer:0..
        rare    no       flagt     flagtransfer
        rare    yes      flagt     noflagtransfer*
        rare    yes      -         futurerelease:integer:0.. mtprioritiesallowed:word
        rare    refused  -         implicitsaslexternal
        rare    yes      prx       proxyprotocol
        rare    yes      prx       noproxyprotocol*
        ! Logging and debugging
        core    yes      log       logging nologging*
        rare    yes      -         logheader:integer:0..3
        core    yes      mdbg      master_debug
        core    yes      mdbg      nomaster_debug*
        core    no       sdbg      slave_debug
        core    yes      sdbg      noslave_debug*
        common  yes      loop      loopcheck noloopcheck*
        ! Historic, VMS-only or other-transport keywords
        rare    ignored  -         contchar:word contposition:integer:.. addlineaddrs
        rare    yes      -         noaddlineaddrs*
        rare    ignored  -         minperiodicnonurgent:integer:0.. minperiodicnormal:integer:0..
        rare    ignored  -         minperiodicurgent:integer:0.. maxperiodicnonurgent:integer:0..
        rare    ignored  -         maxperiodicnormal:integer:0.. maxperiodicurgent:integer:0..
        rare    ignored  srv       serviceall
        rare    yes      srv       noserviceall*
        rare    ignored  srv2      noservice
        rare    yes      srv2      service*
        """
}
