/* The least that a spool can do, as the measure for Benchmarks/queue: batches of records of one size are written to a
   preallocated file with one pwritev and one fdatasync each. No checksum, no index, no waiting producers.

       append FILE RECORDS BYTES SECONDS   -> "<records> <seconds>" */
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

int main(int count, char **words) {
    if (count != 5) return 64;
    int records = atoi(words[2]);
    size_t bytes = (size_t)atol(words[3]);
    if (records < 1 || records > MAX_RECORDS) return 64;
    int file = open(words[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || fallocate(file, 0, 0, FILE_SIZE) != 0 || fsync(file) != 0) fail(words[1]);
    char *content = malloc(bytes);
    memset(content, 'x', bytes);
    struct iovec vector[MAX_RECORDS];
    for (int index = 0; index < records; index++) vector[index] = (struct iovec){.iov_base = content, .iov_len = bytes};
    long written = 0;
    off_t offset = 0;
    double start = now(), end = start + atof(words[4]);
    while (now() < end) {
        if (offset + (off_t)(bytes * (size_t)records) > FILE_SIZE) offset = 0;
        ssize_t done = pwritev(file, vector, records, offset);
        if (done != (ssize_t)(bytes * (size_t)records) || fdatasync(file) != 0) fail("pwritev");
        offset += done;
        written += records;
    }
    printf("%ld %.6f\n", written, now() - start);
    return 0;
}
