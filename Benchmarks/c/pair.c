/* The least that a dispatcher with a worker can do, as the measure for Benchmarks/dispatcher: the parent accepts and
   passes every connection to its child (accept4, sendmsg with SCM_RIGHTS, close), the child closes it (recvmsg, close).
   No admission, no counts, no confirmation, no statistics.

       pair PORT      listens on 127.0.0.1 until it is killed */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <signal.h>
#include <unistd.h>

union control {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
};

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void accept_and_pass(int listener, int channel) {
    char byte = 'c';
    for (;;) {
        int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (client < 0) continue;
        struct iovec vector = {.iov_base = &byte, .iov_len = 1};
        union control control;
        memset(&control, 0, sizeof(control));
        struct msghdr message = {
            .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control.space)};
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &client, sizeof(int));
        if (sendmsg(channel, &message, MSG_NOSIGNAL) < 0) fail("sendmsg");
        close(client);
    }
}

static void receive_and_close(int channel) {
    for (;;) {
        char byte;
        struct iovec vector = {.iov_base = &byte, .iov_len = 1};
        union control control;
        struct msghdr message = {
            .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control.space)};
        if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) <= 0) exit(0);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        int client;
        if (header == NULL) continue;
        memcpy(&client, CMSG_DATA(header), sizeof(int));
        close(client);
    }
}

int main(int count, char **words) {
    int channel[2], one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (count != 2) return 64;
    address.sin_port = htons((unsigned short)atoi(words[1]));
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0) fail("bind");
    if (listen(listener, 1024) < 0) fail("listen");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0) fail("socketpair");
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(listener);
        close(channel[0]);
        receive_and_close(channel[1]);
    }
    close(channel[1]);
    accept_and_pass(listener, channel[0]);
}
