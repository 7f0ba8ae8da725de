// System calls that Swift cannot reach by itself: macros (CMSG_*), GNU extensions
// (accept4, pidfd) and posix_spawn with its attribute objects.
// Every function returns -1 and sets errno on failure unless it says otherwise.
#ifndef MARTLET_CSYSTEMCALLS_H
#define MARTLET_CSYSTEMCALLS_H

// No header that Glibc's module has too, such as <sys/socket.h>: its structures would then belong to
// whichever of the two modules the compiler happened to load first, and importing files fail in turns.
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/types.h>

// --- memory ------------------------------------------------------------------------------

/// mallopt(3): blocks below `mapped` octets come from the heap, and up to `kept` free octets stay at its end. 1 or 0.
int martlet_keep_freed_memory(int mapped, int kept);

// --- sockets -----------------------------------------------------------------------------

/// accept4(2) with SOCK_CLOEXEC | SOCK_NONBLOCK. `peer`: a struct sockaddr_storage.
int martlet_accept(int listener, void *peer, uint32_t *peer_length);

/// Connected pair of AF_UNIX SOCK_SEQPACKET sockets, close-on-exec.
int martlet_seqpacket_pair(int descriptors[2]);

/// Socket of the given family and type, close-on-exec; nonblocking if asked.
int martlet_socket(int domain, int type, int nonblocking);

/// Sends one datagram, with one descriptor beside it when descriptor >= 0. MSG_NOSIGNAL.
ssize_t martlet_send_with_descriptor(int socket, const void *bytes, size_t count, int descriptor, int flags);

/// Receives one datagram and at most one descriptor (close-on-exec), surplus ones are closed.
/// *descriptor is -1 when none came. *truncated is 1 when payload or ancillary data was cut.
ssize_t martlet_receive_with_descriptor(int socket, void *bytes, size_t count, int *descriptor, int *truncated,
                                        int flags);

/// User and process id of the peer of a Unix socket (SO_PEERCRED).
int martlet_peer_credentials(int socket, uid_t *uid, pid_t *pid);

// --- processes ---------------------------------------------------------------------------

struct martlet_spawn_request {
    const char *path;
    char *const *arguments;
    char *const *environment;
    int control_descriptor;   // becomes descriptor 3
    int output_descriptor;    // becomes descriptors 1 and 2; -1 inherits
    const char *directory;    // working directory of the child
    int drops_capabilities;   // the child has none from the ambient set (capabilities(7))
    int keeps_group;          // the child stays in the process group of this process
};

/// posix_spawn with default signal dispositions, an empty signal mask, a new process group unless it keeps this one,
/// standard input from /dev/null and no descriptor above 3. Returns 0 or an errno value.
int martlet_spawn(const struct martlet_spawn_request *request, pid_t *pid);

int martlet_pidfd_open(pid_t pid);
int martlet_pidfd_send_signal(int pidfd, int signal);

/// waitpid(pid, WNOHANG). Returns 1 and sets *status when the child has ended, 0 when it runs.
int martlet_reap(pid_t pid, int *status);
int martlet_exit_code(int status);   // -1 when it was killed by a signal
int martlet_exit_signal(int status); // 0 when it exited by itself

/// The child gets SIGTERM when its parent thread ends (prctl PR_SET_PDEATHSIG).
int martlet_set_parent_death_signal(int signal);

/// Switches to the user for good: groups, gid, uid, in this order, then checks that there is no way back.
int martlet_drop_privileges(const char *user);

/// The same with a way back for martlet_set_file_user, for all threads.
int martlet_set_privileges_aside(const char *user);

/// setfsuid(2): whose files the calling thread alone may use; changes nothing when that is not allowed. Returns the former.
uid_t martlet_set_file_user(uid_t user);

/// signalfd(2) for the given signals, which are blocked in the calling thread and its later children threads.
int martlet_signal_descriptor(const int *signals, size_t count);
/// Number of the next signal, 0 when none waits.
int martlet_next_signal(int descriptor);
void martlet_ignore_sigpipe(void);

/// Name of the calling thread as process listings show it, cut to 15 characters.
void martlet_name_thread(const char *name);

/// The kernel's number of the calling thread (gettid); the first thread has that of the process.
int32_t martlet_thread_number(void);

/// Bytes of stack for threads that are started without a size from now on. Returns 0, or -1 when the system refuses.
int martlet_set_thread_stack_size(size_t bytes);

/// Bytes of stack of the calling thread; 0 when the system does not say.
size_t martlet_thread_stack_size(void);

/// Raises RLIMIT_NOFILE to the hard limit; returns the soft limit now in force.
int64_t martlet_raise_descriptor_limit(void);

// --- events ------------------------------------------------------------------------------

int martlet_epoll_create(void);
int martlet_epoll_change(int epoll, int operation, int descriptor, uint32_t events, uint64_t token);
/// Fills tokens and events, at most capacity of them.
int martlet_epoll_wait(int epoll, uint64_t *tokens, uint32_t *events, int capacity, int timeout_milliseconds);
int martlet_eventfd(void);

// --- files -------------------------------------------------------------------------------

/// posix_fallocate that returns -1 and sets errno.
int martlet_preallocate(int descriptor, off_t offset, off_t length);
int martlet_fdatasync(int descriptor);
int martlet_memory_file(const char *name); // memfd_create, close-on-exec
int martlet_lock_exclusive(int descriptor); // flock LOCK_EX | LOCK_NB
/// `vectors`: count structures iovec.
ssize_t martlet_pwritev(int descriptor, const void *vectors, int count, off_t offset);
int martlet_open(const char *path, int flags, mode_t mode); // adds O_CLOEXEC

// --- checksums ---------------------------------------------------------------------------

/// CRC-32C (Castagnoli), continued from crc; start with 0.
uint32_t martlet_crc32c(uint32_t crc, const void *bytes, size_t count);

// --- clocks ------------------------------------------------------------------------------

int64_t martlet_wall_clock_nanoseconds(void);
int64_t martlet_monotonic_nanoseconds(void);

#endif
