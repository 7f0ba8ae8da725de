/* Sink for Benchmarks/submission: takes messages over SMTP, throws them away and ends after the last.

       smtp_sink PORT MESSAGES

   Does what smtp-sink does, with less work: that one looks at each octet for itself and needs as much of the processor for
   a message of 1 MiB as the MTA that sends it. One thread, on 127.0.0.1. Commands may be pipelined. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_SESSIONS = 4096, MAX_LINE = 1024, MAX_REPLIES = 4096, READ_SIZE = 256 * 1024 };

struct session {
    int in_content;
    size_t held;            /* octets of `line` that wait for the rest of a command, or the last octets of content */
    char line[MAX_LINE];
};

static struct session *sessions[MAX_SESSIONS];
static char input[MAX_LINE + READ_SIZE];
static long wanted;

static void fail(const char *what) {
    fprintf(stderr, "smtp_sink: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Where the content ends: behind the final dot, or 0. The content begins with the CR LF of the command before it. */
static size_t content_end(const char *bytes, size_t count) {
    const char *at = bytes;
    while ((at = memchr(at, '.', count - (size_t)(at - bytes)))) {
        size_t index = (size_t)(at - bytes);
        if (index >= 2 && count - index >= 3 && memcmp(at - 2, "\r\n.\r\n", 5) == 0) return index + 3;
        at++;
    }
    return 0;
}

static const char *reply(struct session *session, const char *command) {
    if (strncasecmp(command, "EHLO", 4) == 0) return "250-sink.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n";
    if (strncasecmp(command, "QUIT", 4) == 0) return "221 2.0.0 Bye\r\n";
    if (strncasecmp(command, "DATA", 4) != 0) return "250 2.0.0 Ok\r\n";
    session->in_content = 1;
    return "354 End data with <CR><LF>.<CR><LF>\r\n";
}

/* Takes what it can of `bytes`, writes the replies, and says how many octets it took. */
static size_t take(struct session *session, const char *bytes, size_t count, char *replies, size_t *replied) {
    size_t taken = 0;
    while (taken < count && *replied < MAX_REPLIES - 128) {
        if (session->in_content) {
            size_t end = content_end(bytes + taken, count - taken);
            if (!end) return count - taken > 4 ? count - 4 : taken;
            taken += end;
            session->in_content = 0;
            wanted--;
            *replied += (size_t)sprintf(replies + *replied, "250 2.0.0 Ok\r\n");
        } else {
            const char *end = memchr(bytes + taken, '\n', count - taken);
            if (!end) return taken;
            *replied += (size_t)sprintf(replies + *replied, "%s", reply(session, bytes + taken));
            taken = (size_t)(end + 1 - bytes) - (session->in_content ? 2 : 0);
        }
    }
    return taken;
}

/* 0 when the session has ended. */
static int serve(int socket) {
    struct session *session = sessions[socket];
    memcpy(input, session->line, session->held);
    ssize_t got = recv(socket, input + session->held, READ_SIZE, 0);
    if (got < 0 && errno == EAGAIN) return 1;
    if (got <= 0) return 0;
    size_t count = session->held + (size_t)got, taken = 0;
    char replies[MAX_REPLIES];
    for (;;) {
        size_t replied = 0, more = take(session, input + taken, count - taken, replies, &replied);
        taken += more;
        if (replied && send(socket, replies, replied, MSG_NOSIGNAL) != (ssize_t)replied) return 0;
        if (!replied) break;
    }
    session->held = count - taken;
    if (session->held > MAX_LINE) return 0;
    memcpy(session->line, input + taken, session->held);
    return 1;
}

static void take_connection(int poll, int listener) {
    int one = 1, socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    if (socket >= MAX_SESSIONS) {
        close(socket);
        return;
    }
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    sessions[socket] = calloc(1, sizeof(struct session));
    struct epoll_event event = {.events = EPOLLIN, .data.fd = socket};
    static const char banner[] = "220 sink.example ESMTP\r\n";
    if (!sessions[socket] || epoll_ctl(poll, EPOLL_CTL_ADD, socket, &event) < 0) fail("accept");
    if (send(socket, banner, sizeof(banner) - 1, MSG_NOSIGNAL) < 0) fail("send");
}

static int listening(int port) {
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, 1000) < 0)
        fail("listen");
    return listener;
}

int main(int count, char **words) {
    if (count != 3 || (wanted = atol(words[2])) < 1) {
        fputs("smtp_sink PORT MESSAGES\n", stderr);
        return 64;
    }
    int listener = listening(atoi(words[1])), poll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[64];
    if (poll < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event) < 0) fail("epoll");
    while (wanted > 0) {
        int events = epoll_wait(poll, ready, 64, -1);
        if (events < 0 && errno != EINTR) fail("epoll_wait");
        for (int index = 0; index < events; index++) {
            int socket = ready[index].data.fd;
            if (socket == listener) {
                take_connection(poll, listener);
            } else if (!serve(socket)) {
                free(sessions[socket]);
                close(socket);
            }
        }
    }
    return 0;
}
