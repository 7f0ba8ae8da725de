import Mappings
import OptionSyntax
import Testing

/// Whole tables: the examples of sections 7.4 to 7.7 and the tables of the default configuration.
@Suite struct MappingExamplesTests {
    static let examples = """
        INTERNAL_IP

           $(123.45.67.89/32)   $Y
           127.0.0.1            $Y
           *                    $N

        WIDE_IP

           $(123.45.67.89/24)   $Y
           127.0.0.1            $Y
           *                    $N

        PORT_ACCESS

          *|*|*|*|*    $C$|INTERNAL_IP;$3|$Y$E
          *            $YEXTERNAL

        SEND_ACCESS

           *|Elvis1@sesta.com|*|*      $Y
           *|Nelson7@sesta.com|*|*     $Y
           *|AkiraK@sesta.com|*|*      $Y
           *|*@sesta.com|*|*           $NMail$ Blocked

        CHARSET-CONVERSION

         IN-CHAN=tcp_internal;OUT-CHAN=tcp_local;CONVERT               Yes
         IN-CHAN=tcp_local;OUT-CHAN=tcp_internal;CONVERT               Yes
         IN-CHAN=tcp_local;OUT-CHAN=ims-ms;CONVERT                     Yes
         IN-CHAN=*;OUT-CHAN=*;CONVERT                                  No
         IN-CHAN=tcp_internal;OUT-CHAN=tcp_local;IN-CHARSET=ISO-8859-1 OUT-CHARSET=UTF-8
         IN-CHAN=tcp_local;OUT-CHAN=tcp_internal;IN-CHARSET=UTF-8      OUT-CHARSET=ISO-8859-1
         IN-CHAN=tcp_local;OUT-CHAN=ims-ms;IN-CHARSET=UTF-8            OUT-CHARSET=ISO-8859-1

        CONVERSIONS

          IN-CHAN=tcp_local;OUT-CHAN=ims-ms;CONVERT   Yes
          IN-CHAN=ims-ms;OUT-CHAN=tcp_local;CONVERT   Yes
          *                                           No
        """

    @Test(arguments: [
        ("N1", "INTERNAL_IP", "123.45.67.89", " [Y]"),
        ("N2", "INTERNAL_IP", "123.45.67.90", " [N]"),
        ("N3", "WIDE_IP", "123.45.67.1", " [Y]"),
        ("A1", "PORT_ACCESS", "TCP|123.45.67.89|25|127.0.0.1|4000", " [Y]"),
        ("A2", "PORT_ACCESS", "TCP|123.45.67.89|25|198.51.100.7|4000", "EXTERNAL [Y]"),
        ("S1", "SEND_ACCESS", "tcp_local|elvis1@sesta.com|ims-ms|a@b.com", " [Y]"),
        ("S2", "SEND_ACCESS", "l|other@sesta.com|tcp_local|a@b.com", "Mail Blocked [N]"),
        ("S3", "SEND_ACCESS", "tcp_local|u@siroe.com|ims-ms|a@b.com", "no match"),
        ("S6", "SEND_ACCESS", "tcp_local|u@siroe.com|ims-ms|a@sesta.com", "no match"),
        ("H1", "CHARSET-CONVERSION", "IN-CHAN=tcp_internal;OUT-CHAN=tcp_local;CONVERT", "Yes []"),
        ("H2", "CHARSET-CONVERSION", "IN-CHAN=l;OUT-CHAN=tcp_local;CONVERT", "No []"),
        (
            "H3", "CHARSET-CONVERSION", "IN-CHAN=tcp_internal;OUT-CHAN=tcp_local;IN-CHARSET=iso-8859-1",
            "OUT-CHARSET=UTF-8 []"
        ),
        ("H4", "CONVERSIONS", "IN-CHAN=tcp_local;OUT-CHAN=ims-ms;CONVERT", "Yes []"),
        ("H5", "CONVERSIONS", "IN-CHAN=tcp_local;OUT-CHAN=tcp_local;CONVERT", "No []"),
    ])
    func documented(_ name: String, _ table: String, _ probe: String, _ expected: String) {
        let (tables, findings) = compileMappings(Self.examples)
        #expect(findings.isEmpty)
        #expect(show(tables.probe(table, probe)) == expected, "\(name)")
    }

    /// Default-configuration specification, section 3.
    static let defaults = """
        INTERNAL_IP

          127.0.0.1             $Y
          ${::1/128}            $Y
        ! the host's own addresses
          192.0.2.25            $Y
          *                     $N

        PORT_ACCESS

          TCP|*|2225|127.0.0.1|*   $Y
          TCP|*|2225|*|*           $N554$ 5.7.1$ LMTP$ is$ only$ for$ the$ relays$ of$ this$ site
          TCP|*|7633|127.0.0.1|*   $Y
          TCP|*|7633|*|*           $N
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
        """

    @Test(arguments: [
        ("M1 port", "PORT_ACCESS", "TCP|192.0.2.25|2525|203.0.113.9|40000", "EXTERNAL [Y]"),
        ("M3 port", "PORT_ACCESS", "TCP|127.0.0.1|2525|127.0.0.1|40000", " [Y]"),
        ("F10 port", "PORT_ACCESS", "TCP|::1|2525|::1|40000", " [Y]"),
        ("F15", "PORT_ACCESS", "TCP|127.0.0.1|2225|127.0.0.1|40000", " [Y]"),
        (
            "F16", "PORT_ACCESS", "TCP|192.0.2.25|2225|203.0.113.9|40000",
            "554 5.7.1 LMTP is only for the relays of this site [N]"
        ),
        ("admin from outside", "PORT_ACCESS", "TCP|192.0.2.25|7633|203.0.113.9|40000", " [N]"),
        ("own address", "INTERNAL_IP", "192.0.2.25", " [Y]"),
        ("literal", "INTERNAL_IP", "IPv6:::1", " [Y]"),
        ("stranger", "INTERNAL_IP", "203.0.113.9", " [N]"),
        ("M1", "ORIG_SEND_ACCESS", "tcp_local|bob@remote.example|l|anna@example.com", " [Y]"),
        (
            "M2", "ORIG_SEND_ACCESS", "tcp_local|bob@remote.example|tcp_local|victim@other.example",
            "Relaying not allowed [N]"
        ),
        ("M3", "ORIG_SEND_ACCESS", "tcp_intranet|cron@example.com|tcp_local|friend@other.example", "no match"),
        ("M4", "ORIG_SEND_ACCESS", "tcp_submit|anna@example.com|tcp_local|friend@other.example", "no match"),
        ("M5", "ORIG_SEND_ACCESS", "tcp_auth|anna@example.com|tcp_local|friend@other.example", "no match"),
        ("M7", "ORIG_SEND_ACCESS", "tcp_local||l|postmaster@mail.example.com", " [Y]"),
        ("M10", "ORIG_SEND_ACCESS", "process||l|anna@example.com", "no match"),
        ("F3", "ORIG_SEND_ACCESS", "tcp_local|b@r.example|ims-ms|anna@ims-ms-daemon", " [N]"),
        ("F4", "ORIG_SEND_ACCESS", "tcp_intranet|b@r.example|conversion|joe@conversion", " [N]"),
        (
            "F11", "ORIG_SEND_ACCESS", "tcp_local|b@r.example|tcp_local|\"x?l?y\"@other.example",
            "Relaying not allowed [N]"
        ),
        (
            "F19", "ORIG_SEND_ACCESS", "tcp_local|b@r.example|tcp_partner|u@partner.example",
            "Relaying not allowed [N]"
        ),
        ("F21", "ORIG_SEND_ACCESS", "tcp_local|b@r.example|tcp_intranet|v@tcp_intranet-daemon", " [N]"),
        ("F21 route", "ORIG_SEND_ACCESS", "tcp_local|b@r.example|tcp_auth|@tcp_auth-daemon:v@other.example", " [N]"),
        ("F17 GET", "HTTP_ACCESS", "127.0.0.1|a|b|c|GET|/status", " [Y]"),
        ("F17 POST", "HTTP_ACCESS", "127.0.0.1|a|b|c|POST|/status", " [N]"),
    ])
    func defaultConfiguration(_ name: String, _ table: String, _ probe: String, _ expected: String) {
        let (tables, findings) = compileMappings(Self.defaults)
        #expect(findings.isEmpty)
        #expect(show(tables.probe(table, probe)) == expected, "\(name)")
    }

    /// The throttling entries of the dispatcher specification, section 9.5.
    @Test func throttling() {
        let tables = compileMappings(
            """
            PORT_ACCESS

              TCP|*|25|*|*  \\
            $C$[IMTA_LIB:conn_throttle.so,throttle,$1,10]$N421$ Connection$ not$ accepted$ at$ this$ time$E
            """
        ).tables
        let probe = "TCP|192.0.2.1|25|203.0.113.5|4000"
        #expect(tables.probe("PORT_ACCESS", probe) == nil)
        let exceeded = MappingContext(callout: { $0.argument == "203.0.113.5,10" ? "" : nil })
        #expect(
            show(tables.probe("PORT_ACCESS", probe, context: exceeded))
                == "421 Connection not accepted at this time [N]")
    }
}
