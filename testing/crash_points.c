/* Counts every call that changes files below one folder, and kills the process before the n-th.

   For LD_PRELOAD: cc -shared -fPIC -O1 -o crash_points.so crash_points.c -ldl */
#define _GNU_SOURCE
#include <dlfcn.h>
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
static long die_at;
static atomic_long seen;

/* From now on count below the folder, and die before the n-th change; 0 only counts. */
void crash_arm(const char *below, long n) {
    snprintf(folder, sizeof folder, "%s", below);
    die_at = n;
    seen = 0;
}

long crash_points(void) { return seen; }

static void point(void) {
    if (++seen == die_at) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
}

static void at_path(const char *path) {
    if (folder[0] && path && strncmp(path, folder, strlen(folder)) == 0) point();
}

static void at_file(int fd) {
    char link[64], path[PATH_MAX];
    if (!folder[0]) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size <= 0) return;
    path[size] = 0;
    at_path(path);
}

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

#define OPEN(NAME)                                                       \
    int NAME(const char *path, int flags, ...) {                         \
        va_list rest;                                                    \
        va_start(rest, flags);                                           \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;        \
        va_end(rest);                                                    \
        if (flags & (O_CREAT | O_TRUNC)) at_path(path);                  \
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
        if (flags & (O_CREAT | O_TRUNC)) at_path(path);                  \
        return REAL(int, #NAME, int, const char *, int, ...)(at, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int fd, const void *data, size_t size) {
    at_file(fd);
    return REAL(ssize_t, "write", int, const void *, size_t)(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    at_file(fd);
    return REAL(ssize_t, "pwrite", int, const void *, size_t, off_t)(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    at_file(fd);
    return REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t)(fd, data, size, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    at_file(fd);
    return REAL(ssize_t, "writev", int, const struct iovec *, int)(fd, parts, count);
}

#define ON_FILE(NAME)                                \
    int NAME(int fd) {                               \
        at_file(fd);                                 \
        return REAL(int, #NAME, int)(fd);            \
    }
ON_FILE(fsync)
ON_FILE(fdatasync)

int ftruncate(int fd, off_t size) {
    at_file(fd);
    return REAL(int, "ftruncate", int, off_t)(fd, size);
}

int ftruncate64(int fd, off64_t size) {
    at_file(fd);
    return REAL(int, "ftruncate64", int, off64_t)(fd, size);
}

#define ON_PATH(NAME)                                \
    int NAME(const char *path) {                     \
        at_path(path);                               \
        return REAL(int, #NAME, const char *)(path); \
    }
ON_PATH(unlink)
ON_PATH(rmdir)

int unlinkat(int at, const char *path, int flags) {
    if (path[0] == '/') at_path(path);
    else at_file(at);
    return REAL(int, "unlinkat", int, const char *, int)(at, path, flags);
}

int mkdir(const char *path, mode_t mode) {
    at_path(path);
    return REAL(int, "mkdir", const char *, mode_t)(path, mode);
}

int rename(const char *from, const char *to) {
    at_path(to);
    return REAL(int, "rename", const char *, const char *)(from, to);
}

int renameat(int a, const char *from, int b, const char *to) {
    at_path(to);
    return REAL(int, "renameat", int, const char *, int, const char *)(a, from, b, to);
}
