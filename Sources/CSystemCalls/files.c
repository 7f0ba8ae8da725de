#define _GNU_SOURCE
#include "CSystemCalls.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

int martlet_epoll_create(void) {
    return epoll_create1(EPOLL_CLOEXEC);
}

int martlet_epoll_change(int epoll, int operation, int descriptor, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data.u64 = token};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

int martlet_epoll_wait(int epoll, uint64_t *tokens, uint32_t *events, int capacity, int timeout_milliseconds) {
    struct epoll_event ready[64];
    int count = epoll_wait(epoll, ready, capacity < 64 ? capacity : 64, timeout_milliseconds);
    for (int index = 0; index < count; index++) {
        tokens[index] = ready[index].data.u64;
        events[index] = ready[index].events;
    }
    return count;
}

int martlet_eventfd(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

int martlet_preallocate(int descriptor, off_t offset, off_t length) {
    int error = posix_fallocate(descriptor, offset, length);
    if (error != 0) {
        errno = error;
        return -1;
    }
    return 0;
}

int martlet_memory_file(const char *name) {
    return memfd_create(name, MFD_CLOEXEC);
}

int martlet_fdatasync(int descriptor) {
    return fdatasync(descriptor);
}

int martlet_lock_exclusive(int descriptor) {
    return flock(descriptor, LOCK_EX | LOCK_NB);
}

ssize_t martlet_pwritev(int descriptor, const void *vectors, int count, off_t offset) {
    return pwritev(descriptor, vectors, count, offset);
}

int martlet_open(const char *path, int flags, mode_t mode) {
    return open(path, flags | O_CLOEXEC, mode);
}

static int64_t nanoseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t martlet_wall_clock_nanoseconds(void) {
    return nanoseconds(CLOCK_REALTIME);
}

int64_t martlet_monotonic_nanoseconds(void) {
    return nanoseconds(CLOCK_MONOTONIC);
}
