/* Load for Benchmarks/submission: sends messages over SMTP and measures how long the last reply takes.

       smtp_load PORT SESSIONS MESSAGES SIZE keep|new plain|tls     -> JSON on one line

   keep: each session sends its share of the messages over one connection; new: a connection for each message.
   tls: STARTTLS, no resumption, then AUTH PLAIN with the initial response in the environment variable SMTP_LOAD_AUTH.
   Commands are sent one by one, each after the reply to the one before, as smtp-source does. The latency is the time from
   the last octet of the message until the reply to its final dot. Anything but the wanted reply ends the program. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_SESSIONS = 256, MAX_REPLY = 8192 };

struct session {
    int socket;
    SSL *tls;
    char reply[MAX_REPLY];
    size_t filled;
};

static struct sockaddr_in server;
static SSL_CTX *context;
static const char *credentials;
static char *message;
static size_t message_size;
static int keep, messages;
static atomic_int next_message;
static double *latencies;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what, const char *detail) {
    fprintf(stderr, "smtp_load: %s: %s\n", what, detail);
    exit(1);
}

static void send_all(struct session *session, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t sent = session->tls ? SSL_write(session->tls, bytes, (int)count) : send(session->socket, bytes, count, MSG_NOSIGNAL);
        if (sent <= 0) fail("send", strerror(errno));
        bytes += sent;
        count -= (size_t)sent;
    }
}

/* Reads to the last line of a reply. What follows it would be a reply to nothing, since no command is pipelined. */
static void expect(struct session *session, const char *code) {
    session->filled = 0;
    for (;;) {
        size_t room = MAX_REPLY - 1 - session->filled;
        char *end = session->reply + session->filled;
        ssize_t count = session->tls ? SSL_read(session->tls, end, (int)room) : recv(session->socket, end, room, 0);
        if (count <= 0) fail("receive", code);
        session->filled += (size_t)count;
        session->reply[session->filled] = 0;
        if (session->reply[session->filled - 1] != '\n') continue;
        char *line = session->reply;
        for (char *at = line; (at = strchr(at, '\n')) && at[1]; at++) line = at + 1;
        if (strlen(line) > 3 && line[3] != '-') {
            if (strncmp(line, code, 3) != 0) fail("unexpected reply", session->reply);
            return;
        }
    }
}

static void command(struct session *session, const char *text, const char *code) {
    send_all(session, text, strlen(text));
    expect(session, code);
}

static void start_tls(struct session *session) {
    command(session, "STARTTLS\r\n", "220");
    SSL *tls = SSL_new(context);
    if (!tls || !SSL_set_fd(tls, session->socket) || SSL_connect(tls) != 1)
        fail("TLS", ERR_error_string(ERR_get_error(), NULL));
    session->tls = tls;
    command(session, "EHLO source.example\r\n", "250");
    char line[1024];
    snprintf(line, sizeof(line), "AUTH PLAIN %s\r\n", credentials);
    command(session, line, "235");
}

static void open_session(struct session *session) {
    int one = 1;
    session->tls = NULL;
    session->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (session->socket < 0) fail("socket", strerror(errno));
    setsockopt(session->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(session->socket, (struct sockaddr *)&server, sizeof(server)) < 0) fail("connect", strerror(errno));
    expect(session, "220");
    command(session, "EHLO source.example\r\n", "250");
    if (context) start_tls(session);
}

static void close_session(struct session *session) {
    command(session, "QUIT\r\n", "221");
    if (session->tls) SSL_free(session->tls);
    close(session->socket);
}

static void send_message(struct session *session, int number) {
    command(session, "MAIL FROM:<sender@bench.example>\r\n", "250");
    command(session, "RCPT TO:<recipient@far.example>\r\n", "250");
    command(session, "DATA\r\n", "354");
    send_all(session, message, message_size);
    double start = now();
    expect(session, "250");
    latencies[number] = now() - start;
}

static void *run(void *nothing) {
    struct session session;
    int is_open = 0;
    for (int number; (number = atomic_fetch_add(&next_message, 1)) < messages;) {
        if (!is_open) open_session(&session);
        send_message(&session, number);
        is_open = keep;
        if (!keep) close_session(&session);
    }
    if (is_open) close_session(&session);
    return nothing;
}

/* A header and lines of 76 octets, SIZE octets together, and the final dot. */
static void make_message(size_t size) {
    static const char header[] =
        "From: <sender@bench.example>\r\nTo: <recipient@far.example>\r\nSubject: bench\r\n"
        "Date: Mon, 02 Nov 2026 10:00:00 +0000\r\nMessage-Id: <1@bench.example>\r\n\r\n";
    message = malloc(size + sizeof(header) + 100);
    memcpy(message, header, sizeof(header) - 1);
    message_size = sizeof(header) - 1;
    while (message_size < size) {
        memset(message + message_size, 'x', 76);
        memcpy(message + message_size + 76, "\r\n", 2);
        message_size += 78;
    }
    memcpy(message + message_size, ".\r\n", 3);
    message_size += 3;
}

static int ascending(const void *left, const void *right) {
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

int main(int count, char **words) {
    if (count != 7) {
        fputs("smtp_load PORT SESSIONS MESSAGES SIZE keep|new plain|tls\n", stderr);
        return 64;
    }
    server.sin_family = AF_INET;
    server.sin_port = htons((unsigned short)atoi(words[1]));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int sessions = atoi(words[2]);
    messages = atoi(words[3]);
    if (sessions < 1 || sessions > MAX_SESSIONS || messages < 1) return 64;
    make_message((size_t)atol(words[4]));
    keep = strcmp(words[5], "keep") == 0;
    latencies = calloc((size_t)messages, sizeof(double));
    if (strcmp(words[6], "tls") == 0) {
        credentials = getenv("SMTP_LOAD_AUTH");
        context = SSL_CTX_new(TLS_client_method());
        if (!credentials || !context) fail("TLS", "SMTP_LOAD_AUTH is not set, or no OpenSSL");
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    }
    pthread_t thread[MAX_SESSIONS];
    double start = now();
    for (int index = 0; index < sessions; index++)
        if (pthread_create(&thread[index], NULL, run, NULL) != 0) fail("pthread_create", strerror(errno));
    for (int index = 0; index < sessions; index++) pthread_join(thread[index], NULL);
    double seconds = now() - start;
    qsort(latencies, (size_t)messages, sizeof(double), ascending);
    printf("{\"messages\": %d, \"seconds\": %.6f, \"p50\": %.6f, \"p99\": %.6f}\n", messages, seconds,
           latencies[messages / 2], latencies[(long)messages * 99 / 100]);
    return 0;
}
