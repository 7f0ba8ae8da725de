/* The least that a spool can do, as the measure for Benchmarks/queue: batches of records of one size are appended with
   one pwritev and one fdatasync each, to files of the size of a segment that are preallocated and synced with their
   directory before their first record, as those of the spool are. No checksum, no index, nobody who waits.

       append DIRECTORY RECORDS BYTES SECONDS   -> "<records> <seconds>" */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { MAX_RECORDS = 1024, FILE_SIZE = 64 << 20 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

/* The next file; what has been written to the former one stays. */
static int next_file(const char *directory, int former) {
    static int number;
    char path[4096];
    snprintf(path, sizeof path, "%s/%d.segment", directory, number++);
    if (former >= 0) close(former);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || fallocate(file, 0, 0, FILE_SIZE) != 0 || fsync(file) != 0) fail(path);
    int names = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (names < 0 || fsync(names) != 0) fail(directory);
    close(names);
    return file;
}

int main(int count, char **words) {
    if (count != 5) return 64;
    int records = atoi(words[2]);
    size_t bytes = (size_t)atol(words[3]);
    if (records < 1 || records > MAX_RECORDS || bytes * (size_t)records > FILE_SIZE) return 64;
    char *content = malloc(bytes);
    memset(content, 'x', bytes);
    struct iovec vector[MAX_RECORDS];
    for (int index = 0; index < records; index++) vector[index] = (struct iovec){.iov_base = content, .iov_len = bytes};
    ssize_t size = (ssize_t)(bytes * (size_t)records);
    int file = next_file(words[1], -1);
    long written = 0;
    off_t offset = 0;
    double start = now(), end = start + atof(words[4]);
    while (now() < end) {
        if (offset + size > FILE_SIZE) {
            file = next_file(words[1], file);
            offset = 0;
        }
        if (pwritev(file, vector, records, offset) != size || fdatasync(file) != 0) fail("pwritev");
        offset += size;
        written += records;
    }
    printf("%ld %.6f\n", written, now() - start);
    return 0;
}
