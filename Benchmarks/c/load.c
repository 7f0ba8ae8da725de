/* Load for Benchmarks/dispatcher: opens empty connections as fast as they are closed by the other side.

       load PORT SECONDS THREADS OPEN      -> "<connections> <seconds>"

   Each thread keeps OPEN connections under way. A connection counts when the server has closed it. It is then reset, so
   that no TIME_WAIT remains and ports do not run out. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in server;
static double deadline;
static int open_connections;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void begin(int epoll) {
    int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client < 0) fail("socket");
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    if (connect(client, (struct sockaddr *)&server, sizeof(server)) < 0 && errno != EINPROGRESS) fail("connect");
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = client};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event) < 0) fail("epoll_ctl");
}

static void *run(void *result) {
    long closed = 0;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) fail("epoll_create1");
    for (int index = 0; index < open_connections; index++) begin(epoll);
    while (now() < deadline) {
        struct epoll_event events[64];
        int count = epoll_wait(epoll, events, 64, 100);
        if (count < 0 && errno != EINTR) fail("epoll_wait");
        for (int index = 0; index < count; index++) {
            char byte;
            ssize_t received = recv(events[index].data.fd, &byte, 1, 0);
            if (received < 0 && errno == EAGAIN) continue;
            if (received == 0) closed++;
            close(events[index].data.fd);
            begin(epoll);
        }
    }
    *(long *)result = closed;
    return NULL;
}

int main(int count, char **words) {
    if (count != 5) {
        fputs("load PORT SECONDS THREADS OPEN\n", stderr);
        return 64;
    }
    server.sin_family = AF_INET;
    server.sin_port = htons((unsigned short)atoi(words[1]));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int threads = atoi(words[3]);
    open_connections = atoi(words[4]);
    pthread_t thread[64];
    long closed[64] = {0}, sum = 0;
    if (threads < 1 || threads > 64) return 64;
    double begin_time = now();
    deadline = begin_time + atof(words[2]);
    for (int index = 0; index < threads; index++) {
        if (pthread_create(&thread[index], NULL, run, &closed[index]) != 0) fail("pthread_create");
    }
    for (int index = 0; index < threads; index++) {
        pthread_join(thread[index], NULL);
        sum += closed[index];
    }
    printf("%ld %.6f\n", sum, now() - begin_time);
    return 0;
}
