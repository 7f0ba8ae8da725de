/* Makes system calls on the files of a queue fail, for scripts/soak, which builds it with cc and preloads it. Never part of the product.
 *
 * SWITCH: a file that says what fails, `PPM ERRNO …`: each call with the probability PPM / 1 000 000 and one of the error
 * numbers, 0 for a write that is cut short. While the file is missing nothing fails.
 * PREFIX: only files below this directory. SEED: of the random numbers.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static _Atomic unsigned long long state;
static _Atomic long looked_at; /* when SWITCH was read, in hundredths of a second */
static _Atomic int likelihood;
static _Atomic int codes[4], code_count;

static unsigned long long draw(void) {
    if (state == 0) state = SEED ^ ((unsigned long long)getpid() << 32) ^ 0x9E3779B97F4A7C15ULL;
    unsigned long long value = atomic_fetch_add(&state, 0x9E3779B97F4A7C15ULL);
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
    return value ^ (value >> 31);
}

static void look(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    long hundredths = now.tv_sec * 100 + now.tv_nsec / 10000000;
    if (hundredths == looked_at) return;
    looked_at = hundredths;
    char text[64] = "";
    int file = REAL(open)(SWITCH, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        if (read(file, text, sizeof text - 1) < 0) text[0] = 0;
        close(file);
    }
    char *rest = text;
    int count = 0;
    likelihood = (int)strtol(rest, &rest, 10);
    while (*rest == ' ' && count < 4) codes[count++] = (int)strtol(rest, &rest, 10);
    code_count = count;
}

/* The error that the call meets, 0 for a short write, -1 for none. */
static int encounter(const char *path, int descriptor) {
    int saved = errno, code = -1;
    look();
    if (code_count > 0 && draw() % 1000000 < (unsigned)likelihood) {
        char name[4096], link[64];
        if (path == NULL) {
            snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
            ssize_t length = readlink(link, name, sizeof name - 1);
            name[length > 0 ? length : 0] = 0;
            path = name;
        }
        if (strncmp(path, PREFIX, strlen(PREFIX)) == 0) code = codes[draw() % code_count];
    }
    errno = saved;
    return code;
}

#define FAIL_OR(path, descriptor, call)                        \
    int code = encounter(path, descriptor);                    \
    if (code > 0) return errno = code, -1;                     \
    return call

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    FAIL_OR(path, -1, REAL(open)(path, flags, mode));
}

ssize_t pwritev(int file, const struct iovec *vectors, int count, off_t offset) {
    int code = encounter(NULL, file);
    if (code > 0) return errno = code, -1;
    if (code == 0 && count > 0 && vectors[0].iov_len > 1) {
        struct iovec half = {vectors[0].iov_base, vectors[0].iov_len / 2};
        return REAL(pwritev)(file, &half, 1, offset);
    }
    return REAL(pwritev)(file, vectors, count, offset);
}

int posix_fallocate(int file, off_t offset, off_t length) {
    int code = encounter(NULL, file);
    return code > 0 ? code : REAL(posix_fallocate)(file, offset, length);
}

int fdatasync(int file) { FAIL_OR(NULL, file, REAL(fdatasync)(file)); }
int fsync(int file) { FAIL_OR(NULL, file, REAL(fsync)(file)); }
int rename(const char *from, const char *to) { FAIL_OR(to, -1, REAL(rename)(from, to)); }
int unlink(const char *path) { FAIL_OR(path, -1, REAL(unlink)(path)); }
