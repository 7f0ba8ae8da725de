extension ChannelKeyword {
    /// Channels specification, section 5, as data. Each row: mark, exclusive group (`-` for none), members.
    /// A member is `name`, `name:argument` and ends in `*` when it is in force without being given.
    static let table = """
        ! Host name and identity of the channel
        rare    -         description:word caption:word
        ! Transport selection and line ends
        core    proto     smtp smtp_crlf
        rare    proto     smtp_cr smtp_lf smtp_crorlf
        core    proto     nosmtp* lmtp
        rare    proto     lmtp_crlf lmtp_cr lmtp_lf lmtp_crorlf
        core    -         submit
        rare    msx       msexchange nomsexchange*
        ! Host selection for outgoing SMTP
        core    mx        mx nomx
        rare    mx        nodns
        core    mx        defaultmx*
        common  mx        randommx nonrandommx
        rare    mx        affinitylist
        rare    ns        nameservers:addresses defaultnameservers*
        common  -         lastresort:word
        core    -         daemon:word port:integer
        common  -         interfaceaddress:word
        common  mgate     multigate nomultigate*
        common  conn      connectalias* connectcanonical
        rare    cache     cacheeverything* cachefailures cachesuccesses nocache
        ! Envelope and queue-file layout
        core    copies    multiple single single_sys
        common  -         addrsperfile:integer
        rare    subd      subdirs:integer nosubdirs
        common  -         dequeueremoveroute
        rare    -         enqueueremoveroute
        common  -         filesperjob:integer
        rare    -         addrsperjob:integer
        core    -         maxjobs:integer pool:word
        common  -         threaddepth:integer
        rare    -         maxfiles:integer user:word
        ! When delivery runs
        core    dir       master slave bidirectional*
        rare    run       periodic
        rare    -         period:integer
        rare    run       immediate*
        common  imm       immnonurgent
        rare    imm       immnormal* immurgent
        rare    -         after:word urgentafter:word normalafter:word nonurgentafter:word secondclassafter:word
        rare    -         thirdclassafter:word urgentqueue:word normalqueue:word nonurgentqueue:word
        common  -         urgentblocklimit:integer normalblocklimit:integer nonurgentblocklimit:integer
        rare    defd      deferreddestination:seconds nodeferreddestination*
        rare    defs      deferredsource:seconds nodeferredsource*
        core    -         backoff:durations
        common  -         urgentbackoff:durations
        core    -         normalbackoff:durations
        common  -         nonurgentbackoff:durations
        rare    -         ipbackoff:durations
        core    -         notices:integers
        common  -         urgentnotices:integers normalnotices:integers nonurgentnotices:integers
        ! Notifications
        common  sendpost  sendpost copysendpost errsendpost nosendpost*
        common  warnpost  warnpost copywarnpost errwarnpost nowarnpost*
        common  postc     postheadonly postheadbody*
        common  retaddr   returnaddress:word noreturnaddress*
        rare    retpers   returnpersonal:word noreturnpersonal*
        rare    -         aliaspostmaster
        common  -         returnenvelope:integer
        common  final     includefinal* suppressfinal
        rare    final     useintermediate
        rare    -         notary*
        rare    report    reportboth reportheader* reportnotary reportsuppress
        common  -         notificationchannel:channel dispositionchannel:channel
        rare    -         language:word
        rare    quota     exquota noexquota* holdexquota
        ! SMTP server: identification and checks at connect
        common  ident     identnone
        rare    ident     identnonelimited identnonesymbolic
        core    ident     identnonenumeric*
        rare    ident     identtcp identtcplimited identtcpsymbolic identtcpnumeric
        common  fwd       forwardchecknone* forwardchecktag forwardcheckdelete
        common  dnsv      mailfromdnsverify nomailfromdnsverify*
        common  spf       spfnone*
        common  -         spfhelo
        common  spf       spfmailfrom spfrcptto
        ! SMTP server: source channel switching
        core    switch    switchchannel allowswitchchannel* noswitchchannel
        core    sasw      saslswitchchannel:channel nosaslswitchchannel*
        common  -         tlsswitchchannel:channel
        rare    -         userswitchchannel
        ! SMTP server/client: TLS and SASL
        core    tlsc      maytlsclient
        core    tlss      maytlsserver
        core    tlsc      musttlsclient
        core    tlss      musttlsserver
        core    tlsc      notlsclient*
        core    tlss      notlsserver*
        core    sasls     maysaslserver mustsaslserver nosaslserver*
        common  saslc     maysaslclient mustsaslclient nosaslclient*
        common  -         authusername:word authpassword:word
        rare    -         externalidentity:word client_auth:word
        common  -         authrewrite:integer
        ! SMTP server: verbs and limits
        common  ehlo      ehlo checkehlo noehlo
        rare    -         refuseehlo
        rare    etrn      allowetrn silentetrn* domainetrn disableetrn
        rare    -         blocketrn
        rare    setrn     sendetrn:word nosendetrn*
        rare    vrfyc     domainvrfy localvrfy novrfy*
        common  vrfy      vrfyallow vrfydefault* vrfyhide
        common  expn      expnallow expndefault* expndisable
        core    chks      chunkingserver* nochunkingserver
        core    chkc      chunkingclient* nochunkingclient
        rare    -         streaming:integer
        core    accad     acceptvalidaddresses*
        rare    accad     acceptalladdresses
        common  acctf     defertemporaryfailures*
        rare    acctf     accepttemporaryfailures
        core    -         recipientlimit:integer
        common  -         recipientcutoff:integer deferralrejectlimit:integer disconnectrecipientlimit:integer
        common  -         disconnectrejectlimit:integer disconnecttransactionlimit:integer
        common  -         disconnectbadcommandlimit:integer disconnectbadauthlimit:integer transactionlimit:integer
        common  -         expandlimit:integer expandchannel:channel holdlimit:integer
        common  ll        truncatesmtplonglines* wrapsmtplonglines rejectsmtplonglines
        ! Size limits
        core    blk       blocklimit:integer noblocklimit*
        core    -         sourceblocklimit:integer
        common  lin       linelimit:integer nolinelimit*
        rare    -         headerlimit:integer maxblocks:integer maxlines:integer
        common  -         linelength:integer alternatechannel:channel alternateblocklimit:integer
        common  -         alternatelinelimit:integer alternaterecipientlimit:integer
        ! MIME, 8-bit, character set
        common  8bit      eightbit
        core    8bit      eightnegotiate*
        common  8bit      eightstrict sevenbit
        common  -         charset7:word charset8:word
        rare    -         charsetesc:word utf8negotiate* utf8strict utf8header
        common  dfr       defragment nodefragment*
        rare    enc       ignoreencoding interpretencoding*
        rare    encm      ignoremessageencoding interpretmessageencoding*
        rare    encp      ignoremultipartencoding interpretmultipartencoding*
        rare    octs      convert_octet_stream noconvert_octet_stream*
        rare    thur      thurman nothurman*
        rare    pfmt      parameterformatdefault* parameterformatminimizeencoding parameterformatunencoded
        rare    -         parameterlengthlimit:integer nameparameterlengthlimit:integer
        rare    hterm     relaxheadertermination limitheadertermination*
        ! Address form and rewriting
        common  envad     822*
        rare    envad     733 uucp
        rare    hdrad     header_822* header_733 header_uucp
        rare    bang      bangoverpercent nobangoverpercent* percentonly bangonly nobangorpercent
        rare    expr      exproute noexproute*
        rare    impr      improute noimproute*
        common  rtl       routelocal noroutelocal*
        rare    restr     restricted unrestricted*
        common  rev       reverse* noreverse
        rare    rules     rules* norules
        common  inner     inner noinner*
        common  fixh      remotehost noremotehost*
        core    fixh2     defaulthost:domains nodefaulthost*
        rare    fixh3     authhost noauthhost*
        common  -         missingrecipientpolicy:integer
        common  drp       dropblank nodropblank*
        common  alias     aliaslocal noaliaslocal*
        rare    -         aliasmagic:integer aliaswild
        common  -         aliasdetourhost:word
        rare    -         aliasoptindetourhost:word
        core    via       viaaliasrequired viaaliasoptional*
        common  sub       subaddressexact subaddresswild subaddressrelaxed*
        rare    srsa      addresssrs noaddresssrs*
        rare    srss      sourcesrs nosourcesrs*
        rare    srsd      destinationsrs nodestinationsrs*
        rare    srsh      headerdecodesrs noheaderdecodesrs*
        rare    vloc      validatelocalnone* validatelocalsystem validatelocalmsgstore
        rare    inl       inline noinline*
        rare    grey      grey nogrey*
        rare    -         usereplyto:integer useresent:integer
        ! Headers
        common  htrim     headertrim noheadertrim*
        rare    itrim     innertrim noinnertrim*
        common  hread     headerread noheaderread*
        rare    -         headerkeeporder
        rare    hpos      headerinc* headerbottom headeromit
        rare    -         headerlabelalignment:integer
        common  -         headerlinelength:integer
        rare    hfold     headerfoldremove* headerfoldpreserve
        rare    htrl      headertrailingremove* headertrailingpreserve
        rare    -         maxheaderaddrs:integer maxheaderchars:integer maxprocchars:integer
        common  rpath     addreturnpath noaddreturnpath*
        common  rfor      receivedfor* noreceivedfor
        rare    rfrm      receivedfrom* noreceivedfrom
        rare    -         receivedstate:word
        common  xenv      x_env_to nox_env_to*
        rare    cmt       commentinc* commentmap commentomit commentstrip commenttotal
        rare    scmt      sourcecommentinc* sourcecommentmap sourcecommentomit sourcecommentstrip sourcecommenttotal
        rare    pers      personalinc* personalmap personalomit personalstrip
        rare    spers     sourcepersonalinc* sourcepersonalmap sourcepersonalomit sourcepersonalstrip
        rare    dow       dayofweek* nodayofweek
        rare    dat       datefour* datetwo
        rare    sens      sensitivitynormal sensitivitypersonal sensitivityprivate sensitivitycompanyconfidential*
        rare    hash      generatemessagehash keepmessagehash deletemessagehash*
        ! Filters, spam interfaces, solicitation, conversion
        common  filt      filter:word nofilter*
        common  sfilt     sourcefilter:word nosourcefilter*
        common  dfilt     destinationfilter:word nodestinationfilter*
        core    fint      fileinto:word nofileinto*
        rare    -         sourcetransitplugin:integer sourcenosolicit:word destinationnosolicit:word
        rare    -         sourceconversiontag:word deliveryflags:integer
        rare    flagt     flagtransfer noflagtransfer*
        rare    -         futurerelease:integer mtprioritiesallowed:word implicitsaslexternal
        rare    prx       proxyprotocol noproxyprotocol*
        ! Logging and debugging
        core    log       logging nologging*
        rare    -         logheader:integer
        core    mdbg      master_debug nomaster_debug*
        core    sdbg      slave_debug noslave_debug*
        common  loop      loopcheck noloopcheck*
        ! Historic, VMS-only or other-transport keywords
        ignored -         contchar:word contposition:integer addlineaddrs noaddlineaddrs* minperiodicnonurgent:integer
        ignored -         minperiodicnormal:integer minperiodicurgent:integer maxperiodicnonurgent:integer
        ignored -         maxperiodicnormal:integer maxperiodicurgent:integer
        ignored srv       serviceall noserviceall*
        ignored srv2      noservice service*
        """
}
