/// Command lines for the manual pages, by command; the tests see to it that each can be understood.
enum ManualExamples {
    struct Example: Hashable, Sendable {
        var meaning: String
        var line: String

        init(_ meaning: String, _ line: String) {
            self.meaning = meaning
            self.line = line
        }
    }

    static let all: [String: [Example]] = [
        "martlet": [
            .init(
                "Make an instance and run it in the foreground:", "martlet init --root /srv/mail --domain example.com"),
            .init("", "martlet run --root /srv/mail"),
        ],
        "imsimta": [
            .init("How much is queued for each channel:", "imsimta qm summarize"),
            .init("Which destinations hold the backlog:", "imsimta qm messages tcp_local"),
            .init("Where an address would go:", "imsimta test -rewrite user@example.com"),
            .init("More jobs until the next reload:", "imsimta cache -change -channel=tcp_local -job_limit=20"),
            .init("Hold a spam run:", "imsimta qclean -subject=\"make money very fast today\" tcp_local"),
            .init("Traffic since the start:", "imsimta counters -show -noassociations"),
            .init("Keep two versions of each log:", "imsimta purge -num=2"),
        ],
        "config": [
            .init("Look for errors before a change goes live:", "martlet config check"),
            .init("Change an option:", "martlet config set channel:tcp_local.backoff PT30M"),
            .init("What was changed, and back:", "martlet config diff"),
            .init("", "martlet config revert 3"),
        ],
        "counters": [
            .init("The table, without connections:", "martlet counters --no-associations"),
            .init("For a script:", "martlet counters --json tcp_local"),
            .init("Begin anew:", "martlet counters --clear"),
        ],
        "dispatcher": [.init("Services and their connections:", "martlet dispatcher status")],
        "explain": [.init("The whole way of a recipient:", "martlet explain friend@far.example")],
        "find": [.init("The log before the newest:", "martlet find IMTA_LOG:dispatcher.log --last 1")],
        "init": [.init("An instance for a domain:", "martlet init --root /srv/mail --domain example.com")],
        "kill": [.init("End the Job Controller at once; it is started again:", "martlet kill job_controller")],
        "manual": [
            .init("Where man(1) finds them:", "martlet manual --output /usr/local/share/man/man1"),
            .init("Read one page:", "martlet manual queue | man -l -"),
        ],
        "msconfig": [.init("One change without the dialogue:", "martlet msconfig set mta.log_queue_time 1")],
        "process": [.init("What runs:", "martlet process")],
        "purge": [.init("Keep two versions of each log:", "martlet purge --num 2")],
        "queue": [
            .init("How much waits, and since when:", "martlet queue summarize --held"),
            .init("Which hosts hold the backlog:", "martlet queue messages tcp_local"),
            .init(
                "Messages of a sender, with state and next attempt:",
                "martlet queue directory --long --from=a@example.com"),
            .init("Why a message does not leave:", "martlet queue history tcp_local/ZYf0r4i0Wdy51.00"),
            .init("Who fills the queue:", "martlet queue top --from --subject tcp_local"),
            .init("End old notifications:", "martlet queue delete --all --from='<>' --older=3d"),
            .init("Pause a channel and let it go on:", "martlet queue stop tcp_local"),
            .init("", "martlet queue start tcp_local"),
        ],
        "reload": [.init("Bring mappings, rules, channels and options in force:", "martlet reload")],
        "restart": [
            .init("New workers for one service, with its port open:", "martlet restart SMTP"),
            .init("A new Job Controller:", "martlet restart job_controller"),
        ],
        "run": [.init("In a container, or to try something:", "martlet run --root /srv/mail")],
        "start": [.init("In the background:", "martlet start --root /srv/mail")],
        "status": [
            .init("Services and queues, again every second:", "martlet status --watch"),
            .init("For a textfile collector of Prometheus:", "martlet status --prometheus > martlet.prom"),
        ],
        "stop": [.init("One service, its sessions may finish:", "martlet stop SMTP")],
        "test": [
            .init("What the rules make of an address:", "martlet test rewrite friend@far.example"),
            .init("A mapping table:", "martlet test mapping --table SEND_ACCESS 'tcp_local|a@b.example|l|c@d.example'"),
        ],
        "trace": [
            .init("By the Message-ID of the header:", "martlet trace '<20261122@example.com>'"),
            .init("By entry, by envelope id, or the newest of an address:", "martlet trace tcp_local/ZZf0r4i0Wdy51.00"),
            .init("", "martlet trace friend@far.example --since 2h --limit 3"),
        ],
        "upgrade": [.init("New programs without a refused connection:", "martlet upgrade --workers")],
        "user": [.init("A mailbox:", "martlet user add anna --password-stdin < password")],
        "view": [.init("The newest log of the server:", "martlet view tcp_smtp_server.log")],
        "web": [.init("For a browser on this host, and for Prometheus:", "martlet web --listen 127.0.0.1:9725")],
    ]
}
