#define _GNU_SOURCE
#include "CSystemCalls.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int martlet_accept(int listener, void *peer, uint32_t *peer_length) {
    *peer_length = sizeof(struct sockaddr_storage);
    return accept4(listener, (struct sockaddr *)peer, peer_length, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int martlet_seqpacket_pair(int descriptors[2]) {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, descriptors);
}

int martlet_socket(int domain, int type, int nonblocking) {
    return socket(domain, type | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0), 0);
}

ssize_t martlet_send_with_descriptor(int socket, const void *bytes, size_t count, int descriptor, int flags) {
    struct iovec vector = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    if (descriptor >= 0) {
        memset(&control, 0, sizeof(control));
        message.msg_control = control.space;
        message.msg_controllen = sizeof(control.space);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    }
    return sendmsg(socket, &message, flags | MSG_NOSIGNAL);
}

ssize_t martlet_receive_with_descriptor(int socket, void *bytes, size_t count, int *descriptor, int *truncated,
                                        int flags) {
    enum { most = 8 }; // room for surplus descriptors, so that they can be closed
    struct iovec vector = {.iov_base = bytes, .iov_len = count};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * most)];
    } control;
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof(control.space)};
    *descriptor = -1;
    *truncated = 0;
    ssize_t received = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    if (received < 0) {
        return received;
    }
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        size_t held = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t index = 0; index < held; index++) {
            int passed;
            memcpy(&passed, CMSG_DATA(header) + index * sizeof(int), sizeof(int));
            if (*descriptor < 0) {
                *descriptor = passed;
            } else {
                close(passed);
            }
        }
    }
    // Of a descriptor that could not be installed (no number is left) the kernel says MSG_CTRUNC; the bytes are whole.
    *truncated = (message.msg_flags & MSG_TRUNC ? 1 : 0) | (message.msg_flags & MSG_CTRUNC ? 2 : 0);
    return received;
}

int martlet_peer_credentials(int socket, uid_t *uid, pid_t *pid) {
    struct ucred credentials;
    socklen_t length = sizeof(credentials);
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0) {
        return -1;
    }
    *uid = credentials.uid;
    *pid = credentials.pid;
    return 0;
}
