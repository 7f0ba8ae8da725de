"""Martlet and Postfix as subjects of a benchmark: each in a private directory, on ports of its own, sending on to a sink.

Both have their queue on the same file system and sync every message to disk before they answer 250. Postfix runs from a
private configuration and queue directory; its system service is not touched. Needs root (Postfix does) and the Debian
package postfix; for TLS with AUTH also sasl2-bin and openssl. `scripts/setup --bench` installs them.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = ROOT / ".build" / "release"
AS_USER = ["-u", "nobody"] if os.getuid() == 0 else []
TICKS = os.sysconf("SC_CLK_TCK")
USER, DOMAIN, PASSWORD = "anna", "bench.example", "bench-password"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_banner(port, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            with socket.create_connection(("127.0.0.1", port), 2) as client:
                if client.recv(4) == b"220 " or client.recv(1):
                    client.sendall(b"QUIT\r\n")
                    client.recv(200)
                    return
        time.sleep(0.1)
    raise SystemExit(f"nothing answers on port {port}")


class Tree:
    """All processes below one process: CPU seconds used so far and proportional memory."""

    def __init__(self, root):
        self.root = root
        self.peak = 0
        self.stopped = threading.Event()

    def processes(self):
        parents = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError, IndexError, ValueError):
                    fields = pathlib.Path(f"/proc/{entry}/stat").read_text().rsplit(")", 1)[1].split()
                    parents[int(entry)] = (int(fields[1]), sum(int(field) for field in fields[11:15]))
        found, added = {self.root}, True
        while added:
            more = {pid for pid, (parent, _) in parents.items() if parent in found} - found
            added = bool(more)
            found |= more
        return {pid: parents[pid][1] for pid in found if pid in parents}

    def cpu_seconds(self):
        return sum(self.processes().values()) / TICKS

    def memory(self):
        total = 0
        for pid in self.processes():
            with contextlib.suppress(OSError, ValueError):
                for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1])
        return total

    def watch(self):
        self.peak = self.memory()
        while not self.stopped.wait(0.25):
            self.peak = max(self.peak, self.memory())

    @contextlib.contextmanager
    def watched(self):
        """Notes the peak of the memory meanwhile."""
        watcher = threading.Thread(target=self.watch, daemon=True)
        watcher.start()
        try:
            yield self
        finally:
            self.stopped.set()
            watcher.join()


class Postfix:
    name = "Postfix"

    def __init__(self, directory, sink, tls=False):
        self.directory = pathlib.Path(directory) / "postfix"
        self.port = self.tls_port = free_port()
        config = self.directory / "etc"
        for part in ("etc", "queue", "data"):
            (self.directory / part).mkdir(parents=True)
        shutil.chown(self.directory / "data", "postfix")
        os.chmod(self.directory, 0o755)
        os.chmod(directory, 0o755)
        (config / "main.cf").write_text(f"""compatibility_level = 3.6
queue_directory = {self.directory}/queue
data_directory = {self.directory}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = bench.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:{sink}
smtp_host_lookup = native
smtp_tls_security_level = none
smtpd_peername_lookup = no
in_flow_delay = 0
maillog_file = {self.directory}/maillog
maillog_file_prefixes = {self.directory}
alias_maps =
local_recipient_maps =
""" + (self.tls_and_auth() if tls else "smtpd_tls_security_level = none\n"))
        master = pathlib.Path("/usr/share/postfix/master.cf.dist")
        lines = []
        for line in (master if master.exists() else pathlib.Path("/etc/postfix/master.cf")).read_text().splitlines():
            words = line.split()
            if len(words) >= 8 and words[0] == "smtp" and words[1] == "inet":
                line = f"127.0.0.1:{self.port} inet n - n - - smtpd"
            elif len(words) >= 8 and not line.startswith(("#", " ")):
                words[4] = "n"
                line = " ".join(words)
            lines.append(line)
        if not any("postlogd" in line for line in lines):
            lines.append("postlog unix-dgram n - n - 1 postlogd")
        (config / "master.cf").write_text("\n".join(lines) + "\n")
        self.config = config

    def tls_and_auth(self):
        """STARTTLS with a P-256 certificate, as `martlet init` makes one, and PLAIN against a database of passwords."""
        config = self.directory / "etc"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", config / "key.pem", "-out", config / "cert.pem", "-days", "30", "-subj", "/CN=bench.example"],
            check=True, capture_output=True)
        subprocess.run(["saslpasswd2", "-p", "-c", "-f", config / "sasldb2", "-u", DOMAIN, USER],
                       input=PASSWORD.encode(), check=True, capture_output=True)
        shutil.chown(config / "sasldb2", "postfix")
        (config / "sasl").mkdir()  # where Debian's Postfix looks, whatever cyrus_sasl_config_path says
        (config / "sasl" / "smtpd.conf").write_text(
            f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {config}/sasldb2\nmech_list: PLAIN\n")
        return f"""smtpd_tls_security_level = may
smtpd_tls_cert_file = {config}/cert.pem
smtpd_tls_key_file = {config}/key.pem
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = {config}/sasl
"""

    def start(self):
        subprocess.run(["postfix", "-c", self.config, "start"], check=True, capture_output=True)
        wait_for_banner(self.port)
        pid = int((self.directory / "queue" / "pid" / "master.pid").read_text())
        return Tree(pid)

    def stop(self):
        subprocess.run(["postfix", "-c", self.config, "stop"], check=False, capture_output=True)


class Martlet:
    name = "Martlet"

    def __init__(self, directory, sink, tls=False):
        self.root = pathlib.Path(directory) / "martlet"
        self.port = free_port()
        self.tls_port = free_port()
        self.tool = RELEASE / "martlet"
        self.run("init", "--root", self.root, "--domain", "bench.example")
        for name, value in (
            ("dispatcher.interface_address", "127.0.0.1"), ("dispatcher.service:SMTP.tcp_ports", self.port),
            ("dispatcher.service:SMTP_SUBMIT.tcp_ports", self.tls_port),
            ("dispatcher.service:SMTP_SUBMIT.enable", int(tls)), ("dispatcher.service:LMTPSS.enable", 0), ("dispatcher.service:ADMIN.enable", 0),
            ("channel:tcp_local.daemon", "[127.0.0.1]"), ("channel:tcp_local.port", sink),
        ):
            self.run("config", "set", "--root", self.root, name, value)
        if tls:
            self.run("user", "add", USER, "--password-stdin", "--root", self.root, stdin=PASSWORD + "\n")

    def run(self, *words, stdin=None):
        subprocess.run([self.tool, *map(str, words)], check=True, capture_output=True, text=True, input=stdin)

    def start(self):
        self.process = subprocess.Popen(
            [self.tool, "run", "--root", self.root], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_banner(self.port)
        return Tree(self.process.pid)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def build(directory, name, *libraries):
    """Compiles a program of Benchmarks/c into the directory."""
    program = pathlib.Path(directory) / name
    source = ROOT / "Benchmarks" / "c" / f"{name}.c"
    subprocess.run(["cc", "-O2", "-pthread", "-o", program, source, *libraries], check=True)
    return program


@contextlib.contextmanager
def sink(port, messages, program=None):
    """Takes that many messages, then ends: smtp-sink, or `program` (c/smtp_sink.c)."""
    command = ([program, str(port), str(messages)] if program
               else ["smtp-sink", *AS_USER, "-M", str(messages), f"127.0.0.1:{port}", "1000"])
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            time.sleep(0.02)
        if process.poll() is not None:
            raise SystemExit(f"{command[0]}: {process.stderr.read().decode()}")
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
