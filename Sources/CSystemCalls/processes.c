#define _GNU_SOURCE
#include "CSystemCalls.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// dup2 onto the same number would leave close-on-exec set, so both sources are first moved
// out of the way of 0..3 by the caller of posix_spawn: fcntl F_DUPFD_CLOEXEC above 10.
static int add_descriptors(posix_spawn_file_actions_t *actions, int control, int output) {
    int error = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    if (error == 0 && output >= 0) {
        error = posix_spawn_file_actions_adddup2(actions, output, 1);
    }
    if (error == 0 && output >= 0) {
        error = posix_spawn_file_actions_adddup2(actions, output, 2);
    }
    if (error == 0 && control >= 0) {
        error = posix_spawn_file_actions_adddup2(actions, control, 3);
    }
    if (error == 0) {
        error = posix_spawn_file_actions_addclosefrom_np(actions, control >= 0 ? 4 : 3);
    }
    return error;
}

// Takes the ambient capabilities away from this thread, and so from a child that it starts; returns what there was.
// posix_spawn has no attribute for them.
static uint64_t lower_ambient_capabilities(void) {
    uint64_t held = 0;
    for (int capability = 0; capability <= CAP_LAST_CAP; capability++) {
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0, 0) == 1 &&
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, capability, 0, 0) == 0) {
            held |= UINT64_C(1) << capability;
        }
    }
    return held;
}

static void raise_ambient_capabilities(uint64_t held) {
    for (int capability = 0; held != 0; capability++, held >>= 1) {
        if (held & 1) {
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
        }
    }
}

int martlet_spawn(const struct martlet_spawn_request *request, pid_t *pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int control = -1, output = -1, error;
    if (request->control_descriptor >= 0) {
        control = fcntl(request->control_descriptor, F_DUPFD_CLOEXEC, 10);
        if (control < 0) {
            return errno;
        }
    }
    if (request->output_descriptor >= 0) {
        output = fcntl(request->output_descriptor, F_DUPFD_CLOEXEC, 10);
        if (output < 0) {
            error = errno;
            if (control >= 0) {
                close(control);
            }
            return error;
        }
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    short group = request->keeps_group ? 0 : POSIX_SPAWN_SETPGROUP;
    posix_spawnattr_setflags(&attributes, (short)(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | group));
    error = add_descriptors(&actions, control, output);
    if (error == 0 && request->directory != NULL) {
        error = posix_spawn_file_actions_addchdir_np(&actions, request->directory);
    }
    if (error == 0) {
        uint64_t held = request->drops_capabilities ? lower_ambient_capabilities() : 0;
        error = posix_spawn(pid, request->path, &actions, &attributes, request->arguments, request->environment);
        raise_ambient_capabilities(held);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (control >= 0) {
        close(control);
    }
    if (output >= 0) {
        close(output);
    }
    return error;
}

int martlet_pidfd_open(pid_t pid) {
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

int martlet_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int martlet_reap(pid_t pid, int *status) {
    pid_t ended;
    do {
        ended = waitpid(pid, status, WNOHANG);
    } while (ended < 0 && errno == EINTR);
    return ended < 0 ? -1 : (ended == pid ? 1 : 0);
}

int martlet_exit_code(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int martlet_exit_signal(int status) {
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

int martlet_set_parent_death_signal(int signal) {
    return prctl(PR_SET_PDEATHSIG, signal);
}

// The user and its groups; `saved` is the user id that can be had back, -1 for none.
static int become(const char *user, int saved, uid_t *uid) {
    struct passwd *entry = getpwnam(user);
    if (entry == NULL) {
        errno = ENOENT;
        return -1;
    }
    *uid = entry->pw_uid;
    gid_t gid = entry->pw_gid;
    if (initgroups(user, gid) < 0 || setresgid(gid, gid, gid) < 0) {
        return -1;
    }
    return setresuid(*uid, *uid, saved < 0 ? *uid : (uid_t)saved);
}

int martlet_set_privileges_aside(const char *user) {
    uid_t uid;
    return become(user, 0, &uid);
}

uid_t martlet_set_file_user(uid_t user) {
    return (uid_t)setfsuid(user);
}

int martlet_drop_privileges(const char *user) {
    uid_t uid;
    if (become(user, -1, &uid) < 0) {
        return -1;
    }
    if (uid != 0 && setuid(0) == 0) { // there must be no way back
        errno = EPERM;
        return -1;
    }
    return 0;
}

int martlet_signal_descriptor(const int *signals, size_t count) {
    sigset_t set;
    sigemptyset(&set);
    for (size_t index = 0; index < count; index++) {
        sigaddset(&set, signals[index]);
    }
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0) {
        return -1;
    }
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int martlet_next_signal(int descriptor) {
    struct signalfd_siginfo information;
    ssize_t received = read(descriptor, &information, sizeof(information));
    return received == (ssize_t)sizeof(information) ? (int)information.ssi_signo : 0;
}

void martlet_ignore_sigpipe(void) {
    signal(SIGPIPE, SIG_IGN);
}

int64_t martlet_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
        return -1;
    }
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return (int64_t)limit.rlim_cur;
}

void martlet_name_thread(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

int32_t martlet_thread_number(void) {
    return (int32_t)syscall(SYS_gettid);
}

int martlet_set_thread_stack_size(size_t bytes) {
    pthread_attr_t attributes;
    int code = pthread_getattr_default_np(&attributes);
    if (code == 0) {
        code = pthread_attr_setstacksize(&attributes, bytes);
        if (code == 0) {
            code = pthread_setattr_default_np(&attributes);
        }
        pthread_attr_destroy(&attributes);
    }
    errno = code;
    return code == 0 ? 0 : -1;
}

size_t martlet_thread_stack_size(void) {
    pthread_attr_t attributes;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstacksize(&attributes, &size);
        pthread_attr_destroy(&attributes);
    }
    return size;
}
