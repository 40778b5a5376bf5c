/* Counts every call that changes files below one folder; kills the process before the n-th, or lets it and
   all after it fail that need space, as on a full disk.

   For LD_PRELOAD: cc -shared -fPIC -O1 -o crash_points.so crash_points.c -ldl */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static char folder[PATH_MAX];
static long fatal;
static int fault;
static atomic_long seen;

/* From now on count below the folder; the n-th change is the end, 0 only counts. With an errno only what
   needs space counts, and fails with it from then on. */
void crash_arm(const char *below, long n, int number) {
    snprintf(folder, sizeof folder, "%s", below);
    fatal = n;
    fault = number;
    seen = 0;
}

long crash_points(void) { return seen; }

/* Whether the call shall fail. */
static int point(int needs_space) {
    if (fault && !needs_space) return 0;
    long now = ++seen;
    if (!fatal || now < fatal) return 0;
    if (fault) {
        errno = fault;
        return 1;
    }
    if (now == fatal) kill(getpid(), SIGKILL);
    for (;;) pause();
}

static int at_path(const char *path, int needs_space) {
    int ours = folder[0] && path && strncmp(path, folder, strlen(folder)) == 0;
    return ours && point(needs_space);
}

static int at_file(int fd, int needs_space) {
    char link[64], path[PATH_MAX];
    if (!folder[0]) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size <= 0) return 0;
    path[size] = 0;
    return at_path(path, needs_space);
}

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

#define OPEN(NAME)                                                       \
    int NAME(const char *path, int flags, ...) {                         \
        va_list rest;                                                    \
        va_start(rest, flags);                                           \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;        \
        va_end(rest);                                                    \
        if (flags & (O_CREAT | O_TRUNC) && at_path(path, flags & O_CREAT)) return -1; \
        return REAL(int, #NAME, const char *, int, ...)(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(NAME)                                                     \
    int NAME(int at, const char *path, int flags, ...) {                 \
        va_list rest;                                                    \
        va_start(rest, flags);                                           \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;        \
        va_end(rest);                                                    \
        if (flags & (O_CREAT | O_TRUNC) && at_path(path, flags & O_CREAT)) return -1; \
        return REAL(int, #NAME, int, const char *, int, ...)(at, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int fd, const void *data, size_t size) {
    if (at_file(fd, 1)) return -1;
    return REAL(ssize_t, "write", int, const void *, size_t)(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    if (at_file(fd, 1)) return -1;
    return REAL(ssize_t, "pwrite", int, const void *, size_t, off_t)(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    if (at_file(fd, 1)) return -1;
    return REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t)(fd, data, size, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (at_file(fd, 1)) return -1;
    return REAL(ssize_t, "writev", int, const struct iovec *, int)(fd, parts, count);
}

#define ON_FILE(NAME)                                \
    int NAME(int fd) {                               \
        if (at_file(fd, 1)) return -1;               \
        return REAL(int, #NAME, int)(fd);            \
    }
ON_FILE(fsync)
ON_FILE(fdatasync)

int ftruncate(int fd, off_t size) {
    if (at_file(fd, 0)) return -1;
    return REAL(int, "ftruncate", int, off_t)(fd, size);
}

int ftruncate64(int fd, off64_t size) {
    if (at_file(fd, 0)) return -1;
    return REAL(int, "ftruncate64", int, off64_t)(fd, size);
}

#define ON_PATH(NAME)                                \
    int NAME(const char *path) {                     \
        if (at_path(path, 0)) return -1;             \
        return REAL(int, #NAME, const char *)(path); \
    }
ON_PATH(unlink)
ON_PATH(rmdir)

int unlinkat(int at, const char *path, int flags) {
    if (path[0] == '/' ? at_path(path, 0) : at_file(at, 0)) return -1;
    return REAL(int, "unlinkat", int, const char *, int)(at, path, flags);
}

int mkdir(const char *path, mode_t mode) {
    if (at_path(path, 1)) return -1;
    return REAL(int, "mkdir", const char *, mode_t)(path, mode);
}

int rename(const char *from, const char *to) {
    if (at_path(to, 0)) return -1;
    return REAL(int, "rename", const char *, const char *)(from, to);
}

int renameat(int a, const char *from, int b, const char *to) {
    if (at_path(to, 0)) return -1;
    return REAL(int, "renameat", int, const char *, int, const char *)(a, from, b, to);
}
