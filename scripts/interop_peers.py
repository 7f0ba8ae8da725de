"""Martlet and its peers as `scripts/interop` runs them: configuration, start, mailboxes, logs."""
import contextlib
import imaplib
import os
import pathlib
import shutil
import smtplib
import socket
import ssl
import subprocess
import time

WAIT = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(*words, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **options)
    if done.returncode:
        raise RuntimeError(f"{words}: {done.stdout}{done.stderr}")
    return done.stdout


def eventually(condition, what, seconds=WAIT):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what}: nothing in {seconds} s")


def answers(port, word=b"220"):
    with contextlib.suppress(OSError):
        with socket.create_connection(("127.0.0.1", port), 2) as client:
            client.settimeout(5)
            return client.recv(64).startswith(word)
    return False


def maildir(path):
    """Messages below a Maildir tree, line ends as LF."""
    return [file.read_bytes().replace(b"\r\n", b"\n") for file in pathlib.Path(path).rglob("new/*") if file.is_file()]


class Martlet:
    name = "Martlet"

    def __init__(self, scratch, binaries, domain, users, peers=(), settings=()):
        self.tool = pathlib.Path(binaries).resolve() / "martlet"
        self.root = scratch / domain
        self.domain = domain
        self.port, self.lmtp = free_port(), free_port()
        self.martlet("init", "--domain", domain, "--hostname", f"mail.{domain}")
        for user in users:
            self.martlet("user", "add", user, "--password-stdin", input="interop\n")
        self.route(peers)
        for name, value in (
            ("dispatcher.interface_address", "127.0.0.1"), ("dispatcher.service:SMTP.tcp_ports", self.port),
            ("dispatcher.service:LMTPSS.tcp_ports", self.lmtp), ("dispatcher.service:SMTP_SUBMIT.enable", 0),
            ("dispatcher.service:ADMIN.enable", 0), *settings,
        ):
            self.martlet("config", "set", name, value)
        for channel in ("tcp_local", "tcp_intranet"):
            self.martlet("config", "set", f"channel:{channel}.utf8negotiate")

    def martlet(self, *words, **options):
        return run(self.tool, *words, "--root", self.root, **options)

    def route(self, peers):
        """A channel for each peer without TLS, and one that wants TLS."""
        file = self.root / "config" / "martlet.conf"
        text = file.read_text()
        rules = channels = ""
        for peer in peers:
            for prefix, tls in (("", "notlsclient"), ("tls.", "maytlsclient")):
                tag = f"{prefix}{peer.name.lower()}".replace(".", "-")
                rules += f"  {prefix}{peer.domain}  $U%$D@{tag}-daemon\n"
                channels += (f"\n[channel:tcp_{tag.replace('-', '_')}]\n  official_host_name = {tag}-daemon\n"
                             f"  smtp nomx single_sys {tls} loopcheck\n  daemon = [127.0.0.1]\n  port = {peer.port}\n"
                             "  pool = SMTP_POOL\n")
        text = text.replace("! everybody else\n", rules + "! everybody else\n", 1)
        file.write_text(text.replace("\n[aliases]\n", channels + "\n[aliases]\n", 1))

    def start(self):
        self.process = subprocess.Popen([self.tool, "run", "--root", self.root], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        eventually(lambda: answers(self.port), "Martlet's banner")

    def stop(self):
        self.process.terminate()
        self.process.wait(60)

    def address(self, tls=False):
        return f"{'bert' if tls else 'anna'}@{self.domain}"

    def mailbox(self, tls=False):
        return maildir(self.root / "data" / "store" / self.domain / ("bert" if tls else "anna"))

    def log(self):
        return "\n".join(file.read_text(errors="replace") for file in sorted((self.root / "data" / "log").iterdir())
                         if file.is_file())


class Peer:
    utf8 = False

    def __init__(self, scratch, key, cert):
        self.directory = scratch / self.name.lower()
        self.domain = f"{self.name.lower()}.example"
        self.mail = self.directory / "mail"
        self.port = free_port()
        self.key, self.cert = key, cert
        self.mail.mkdir(parents=True)
        shutil.chown(self.mail, "vmail", "vmail")

    def address(self, tls=False):
        return f"user@{'tls.' if tls else ''}{self.domain}"

    def mailbox(self, tls=False):
        return maildir(self.mail)

    def log(self):
        return "\n".join(file.read_text(errors="replace") for file in sorted(self.directory.rglob("*log*"))
                         if file.is_file())

    def takes_tls(self):
        """Whether another client than Martlet gets through a handshake with it."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with contextlib.suppress(OSError):
            with smtplib.SMTP("127.0.0.1", self.port, "client.example", timeout=20) as client:
                client.starttls(context=context)
                return client.ehlo()[0] == 250
        return False

    def spawn(self, *words):
        output = open(self.directory / "output.log", "ab")
        self.process = subprocess.Popen([str(word) for word in words], stdout=output, stderr=output)
        eventually(lambda: answers(self.port), f"{self.name}'s banner")

    def stop(self):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)


class Postfix(Peer):
    name = "Postfix"
    utf8 = True
    tls_mark = rb"\(using TLSv1"

    def configure(self, martlet):
        config = self.directory / "etc"
        for part in ("etc", "queue", "data"):
            (self.directory / part).mkdir()
        shutil.chown(self.directory / "data", "postfix")
        boxes = " ".join(f"{{ {user}@{prefix}{self.domain} = {user}/ }}"
                         for user in ("user", "jörg") for prefix in ("", "tls."))
        (config / "main.cf").write_text(f"""compatibility_level = 3.6
queue_directory = {self.directory}/queue
data_directory = {self.directory}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = {self.domain}
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
message_size_limit = 52428800
virtual_mailbox_limit = 0
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = {self.domain} tls.{self.domain}
virtual_mailbox_base = {self.mail}
virtual_mailbox_maps = inline:{{ {boxes} }}
virtual_uid_maps = static:{shutil._get_uid("vmail")}
virtual_gid_maps = static:{shutil._get_gid("vmail")}
virtual_minimum_uid = 1
transport_maps = inline:{{ {{ {martlet.domain} = smtp:[127.0.0.1]:{martlet.port} }}
  {{ bert@{martlet.domain} = secure:[127.0.0.1]:{martlet.port} }}
  {{ cora@{martlet.domain} = lmtp:inet:127.0.0.1:{martlet.lmtp} }} }}
smtp_host_lookup = native
smtp_tls_security_level = none
smtpd_tls_security_level = may
smtpd_tls_received_header = yes
smtpd_tls_cert_file = {self.cert}
smtpd_tls_key_file = {self.key}
smtpd_peername_lookup = no
maillog_file = {self.directory}/maillog
maillog_file_prefixes = {self.directory}
""")
        lines = []
        for line in pathlib.Path("/usr/share/postfix/master.cf.dist").read_text().splitlines():
            words = line.split()
            if len(words) >= 8 and words[0] == "smtp" and words[1] == "inet":
                line = f"127.0.0.1:{self.port} inet n - n - - smtpd"
            elif len(words) >= 8 and not line.startswith(("#", " ")):
                words[4] = "n"
                line = " ".join(words)
            lines.append(line)
        lines += ["secure unix - - n - - smtp -o smtp_tls_security_level=encrypt"]
        if not any("postlogd" in line for line in lines):
            lines.append("postlog unix-dgram n - n - 1 postlogd")
        (config / "master.cf").write_text("\n".join(lines) + "\n")
        self.config = config

    def start(self):
        run("postfix", "-c", self.config, "start")
        eventually(lambda: answers(self.port), "Postfix's banner")

    def stop(self):
        subprocess.run(["postfix", "-c", self.config, "stop"], check=False, capture_output=True)


class Exim(Peer):
    name = "Exim"
    utf8 = True
    tls_mark = rb"with (utf8)?esmtps"

    def configure(self, martlet):
        for part in ("spool", "log"):
            (self.directory / part).mkdir()
            shutil.chown(self.directory / part, "Debian-exim", "Debian-exim")
        key = self.directory / "exim.key"
        shutil.copy(self.key, key)
        shutil.chown(key, "Debian-exim", "Debian-exim")
        os.chmod(key, 0o600)
        # The only place from which this Exim keeps its privileges; it is our own in this name space.
        config = pathlib.Path("/var/lib/exim4/config.autogenerated")
        config.parent.mkdir()
        config.write_text(f"""exim_path = /usr/sbin/exim4
exim_user = Debian-exim
exim_group = Debian-exim
spool_directory = {self.directory}/spool
log_file_path = {self.directory}/log/%slog
pid_file_path = {self.directory}/exim.pid
primary_hostname = {self.domain}
local_interfaces = 127.0.0.1
daemon_smtp_ports = {self.port}
domainlist local_domains = {self.domain} : tls.{self.domain}
acl_smtp_rcpt = acl_rcpt
message_size_limit = 50M
host_lookup =
rfc1413_hosts =
tls_advertise_hosts = *
tls_certificate = {self.cert}
tls_privatekey = {key}
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
allow_utf8_domains = true
begin acl
acl_rcpt:
  accept domains = +local_domains
         verify = recipient
  deny domains = +local_domains
       message = no such user
  accept hosts = 127.0.0.1
begin routers
secure:
  driver = manualroute
  domains = {martlet.domain}
  local_parts = bert
  transport = smtp_secure
  route_list = * 127.0.0.1
  self = send
plain:
  driver = manualroute
  domains = {martlet.domain}
  transport = smtp_plain
  route_list = * 127.0.0.1
  self = send
users:
  driver = accept
  domains = +local_domains
  local_parts = user : jörg
  transport = store
begin transports
smtp_plain:
  driver = smtp
  port = {martlet.port}
  allow_localhost
  hosts_avoid_tls = *
smtp_secure:
  driver = smtp
  port = {martlet.port}
  allow_localhost
  hosts_require_tls = *
  tls_verify_hosts =
  tls_try_verify_hosts =
store:
  driver = appendfile
  directory = {self.mail}/box
  maildir_format
  create_directory
  user = vmail
  group = vmail
  return_path_add
begin retry
* * F,1h,1m
""")

    def start(self):
        self.spawn("/usr/sbin/exim4", "-bdf", "-q1m")


class OpenSMTPD(Peer):
    name = "OpenSMTPD"
    tls_mark = rb"TLSv1"

    def configure(self, martlet):
        self.config = self.directory / "smtpd.conf"
        self.config.write_text(f"""pki peer cert "{self.cert}"
pki peer key "{self.key}"
smtp max-message-size 50M
listen on 127.0.0.1 port {self.port} tls pki peer hostname {self.domain}
action "store" maildir "{self.mail}/box" virtual {{ "{self.address()}" = "vmail", "{self.address(True)}" = "vmail" }}
action "plain" relay host "smtp+notls://127.0.0.1:{martlet.port}"
action "secure" relay host "smtp+tls://127.0.0.1:{martlet.port}" tls no-verify
match from any for domain {{ "{self.domain}", "tls.{self.domain}" }} action "store"
match from any for rcpt-to "{martlet.address(True)}" action "secure"
match from any for any action "plain"
""")

    def start(self):
        os.chmod(self.directory, 0o755)
        self.spawn("/usr/sbin/smtpd", "-d", "-f", self.config)


class Dovecot:
    name = "Dovecot"

    def __init__(self, scratch, domain):
        self.directory = scratch / "dovecot"
        self.domain = domain
        self.socket = self.directory / "lmtp.sock"
        self.lmtp, self.imap = free_port(), free_port()
        mail = self.directory / "mail"
        mail.mkdir(parents=True)
        shutil.chown(mail, "vmail", "vmail")
        users = self.directory / "users"
        users.write_text("".join(f"{user}@{domain}:{{PLAIN}}interop::::{mail}/{user}::\n" for user in ("anna", "bert")))
        self.config = self.directory / "dovecot.conf"
        self.config.write_text(f"""base_dir = {self.directory}/run
state_dir = {self.directory}/state
log_path = {self.directory}/log
protocols = imap lmtp
ssl = no
disable_plaintext_auth = no
mail_location = maildir:~/Maildir
mail_uid = vmail
mail_gid = vmail
first_valid_uid = 1
lmtp_save_to_detail_mailbox = no
recipient_delimiter = +
passdb {{
  driver = passwd-file
  args = {users}
}}
userdb {{
  driver = passwd-file
  args = {users}
  default_fields = uid=vmail gid=vmail
}}
service lmtp {{
  unix_listener {self.socket} {{
    mode = 0666
  }}
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {self.lmtp}
  }}
}}
service imap-login {{
  inet_listener imap {{
    address = 127.0.0.1
    port = {self.imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
""")

    def start(self):
        output = open(self.directory / "output.log", "ab")
        self.process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", str(self.config)], stdout=output,
                                        stderr=output)
        eventually(lambda: answers(self.imap, b"* OK") and answers(self.lmtp), "Dovecot's banners")

    def stop(self):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)

    def log(self):
        return (self.directory / "log").read_text(errors="replace")

    def mailbox(self, user):
        """What IMAP has, line ends as LF."""
        with imaplib.IMAP4("127.0.0.1", self.imap) as client:
            client.login(f"{user}@{self.domain}", "interop")
            client.select(readonly=True)
            numbers = client.search(None, "ALL")[1][0].split()
            return [client.fetch(number, "(RFC822)")[1][0][1].replace(b"\r\n", b"\n") for number in numbers]
