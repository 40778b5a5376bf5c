/* Stands between a process and its disk: counts every call that changes files below one folder, and at the
   n-th kills the process, or lets that call and all after it fail. Beside it keeps an image of what a power
   loss would leave: a file's bytes as of its last fsync, a folder's names as of the folder's.

   For LD_PRELOAD: cc -shared -fPIC -O1 -pthread -o shim.so shim.c -ldl */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* What a call is; a fault is for some of these. */
enum { LOOK = 1, CREATE = 2, WRITE = 4, SYNC = 8, NAME = 16, READ = 32 };
#define CHANGES (CREATE | WRITE | SYNC | NAME)

static char folder[PATH_MAX], image[PATH_MAX];
static long fatal;
static int fault, once, counted;
static atomic_long seen;

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

/* From now on count below the folder; the n-th point is the end, 0 only counts. A number is the errno that
   calls fail with from there on, or that one alone with `only`; it decides what counts: what needs space for
   ENOSPC, what opens for EMFILE. TORN dies halfway through the n-th write, UNREADABLE has reads fail. */
enum { TORN = -1, UNREADABLE = -2 };
void shim_arm(const char *below, long n, int number, int only, const char *kept) {
    fatal = n;
    fault = number == UNREADABLE ? EIO : number;
    once = only;
    seen = 0;
    counted = number == TORN         ? WRITE
              : number == UNREADABLE ? READ
              : number == ENOSPC     ? CREATE | WRITE | SYNC
              : number == EMFILE     ? LOOK | CREATE
                                     : CHANGES;
    snprintf(image, sizeof image, "%s", kept);
    snprintf(folder, sizeof folder, "%s", below);
}

long shim_points(void) { return seen; }

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* 1 when the call shall fail, -1 when half of it is to be done before the end, 0 when it may go on. */
static int point(int kind) {
    if (!(kind & counted)) return 0;
    long now = ++seen;
    if (!fatal || now < fatal) return 0;
    if (fault > 0) {
        if (once && now > fatal) return 0;
        errno = fault;
        return 1;
    }
    if (now > fatal)
        for (;;) pause(); /* another thread is about to end us */
    if (fault == TORN) return -1;
    die();
    return 1;
}

static int ours(const char *path) {
    size_t size = strlen(folder);
    return size && path && !strncmp(path, folder, size) && (path[size] == '/' || !path[size]);
}

static int path_of(int fd, char *path) {
    char link[64];
    if (!folder[0]) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, PATH_MAX - 1);
    if (size <= 0) return 0;
    path[size] = 0;
    return ours(path);
}

static int at_path(const char *path, int kind) { return ours(path) && point(kind); }

static int at_file(int fd, int kind) {
    char path[PATH_MAX];
    return path_of(fd, path) ? point(kind) : 0;
}

/* -- the image: <inode> holds a file's bytes, <inode>.names a folder's entries, <inode>.gone what had a name */

static pthread_mutex_t keeping = PTHREAD_MUTEX_INITIALIZER;

/* Whole or not at all: another thread may be about to end us. */
static void put(const char *draft, const char *name) {
    REAL(int, "rename", const char *, const char *)(draft, name);
}

static void keep_bytes(int fd, ino_t inode) {
    char name[PATH_MAX + 32], draft[PATH_MAX + 32], self[64], part[65536];
    ssize_t size;
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    snprintf(name, sizeof name, "%s/%lu", image, (unsigned long)inode);
    snprintf(draft, sizeof draft, "%s/draft", image);
    int from = REAL(int, "open", const char *, int, ...)(self, O_RDONLY);
    int to = REAL(int, "open", const char *, int, ...)(draft, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    while ((size = REAL(ssize_t, "read", int, void *, size_t)(from, part, sizeof part)) > 0)
        if (REAL(ssize_t, "write", int, const void *, size_t)(to, part, size) < 0) abort();
    close(from);
    close(to);
    put(draft, name);
}

static void keep_names(const char *path, ino_t inode) {
    char name[PATH_MAX + 32], draft[PATH_MAX + 32], line[PATH_MAX];
    struct dirent *entry;
    struct stat status;
    snprintf(name, sizeof name, "%s/%lu.names", image, (unsigned long)inode);
    snprintf(draft, sizeof draft, "%s/draft", image);
    int to = REAL(int, "open", const char *, int, ...)(draft, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    DIR *entries = opendir(path);
    while (entries && (entry = readdir(entries))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        if (fstatat(dirfd(entries), entry->d_name, &status, AT_SYMLINK_NOFOLLOW)) continue;
        int size = snprintf(line, sizeof line, "%lu %c %s\n", (unsigned long)status.st_ino,
                            S_ISDIR(status.st_mode) ? 'd' : 'f', entry->d_name);
        if (REAL(ssize_t, "write", int, const void *, size_t)(to, line, size) < 0) abort();
    }
    if (entries) closedir(entries);
    close(to);
    put(draft, name);
}

static void keep(int fd) {
    char path[PATH_MAX];
    struct stat status;
    if (!image[0] || !path_of(fd, path) || fstat(fd, &status)) return;
    pthread_mutex_lock(&keeping);
    if (S_ISDIR(status.st_mode))
        keep_names(path, status.st_ino);
    else
        keep_bytes(fd, status.st_ino);
    pthread_mutex_unlock(&keeping);
}

/* A name that goes may come back; and its inode's number must not be given to another file meanwhile. */
static void keep_gone(const char *path) {
    char name[PATH_MAX + 32];
    struct stat status;
    if (!image[0] || !ours(path) || lstat(path, &status) || S_ISDIR(status.st_mode)) return;
    snprintf(name, sizeof name, "%s/%lu.gone", image, (unsigned long)status.st_ino);
    if (link(path, name) && errno != EEXIST) abort();
}

/* -- the calls */

#define OPENING(flags) (flags & (O_CREAT | O_TRUNC) ? CREATE : LOOK)

#define OPEN(NAME)                                                       \
    int NAME(const char *path, int flags, ...) {                         \
        va_list rest;                                                    \
        va_start(rest, flags);                                           \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;        \
        va_end(rest);                                                    \
        if (at_path(path, OPENING(flags))) return -1;                    \
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
        if (at_path(path, OPENING(flags))) return -1;                    \
        return REAL(int, #NAME, int, const char *, int, ...)(at, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

ssize_t read(int fd, void *data, size_t size) {
    if (at_file(fd, READ)) return -1;
    return REAL(ssize_t, "read", int, void *, size_t)(fd, data, size);
}

#define PREAD(NAME, OFFSET)                                              \
    ssize_t NAME(int fd, void *data, size_t size, OFFSET at) {           \
        if (at_file(fd, READ)) return -1;                                \
        return REAL(ssize_t, #NAME, int, void *, size_t, OFFSET)(fd, data, size, at); \
    }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

ssize_t write(int fd, const void *data, size_t size) {
    int told = at_file(fd, WRITE);
    if (told > 0) return -1;
    if (told < 0) size /= 2;
    ssize_t done = REAL(ssize_t, "write", int, const void *, size_t)(fd, data, size);
    if (told < 0) die();
    return done;
}

#define PWRITE(NAME, OFFSET)                                             \
    ssize_t NAME(int fd, const void *data, size_t size, OFFSET at) {     \
        int told = at_file(fd, WRITE);                                   \
        if (told > 0) return -1;                                         \
        if (told < 0) size /= 2;                                         \
        ssize_t done = REAL(ssize_t, #NAME, int, const void *, size_t, OFFSET)(fd, data, size, at); \
        if (told < 0) die();                                             \
        return done;                                                     \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t writev(int fd, const struct iovec *parts, int count) {
    int told = at_file(fd, WRITE);
    if (told > 0) return -1;
    ssize_t done = REAL(ssize_t, "writev", int, const struct iovec *, int)(fd, parts, told ? 1 : count);
    if (told < 0) die();
    return done;
}

/* The machine keeps its power while it loses ours, so nothing below the folder needs to wait for a disk. */
#define ON_SYNC(NAME)                                \
    int NAME(int fd) {                               \
        char path[PATH_MAX];                         \
        if (!path_of(fd, path)) return REAL(int, #NAME, int)(fd); \
        if (point(SYNC)) return -1;                  \
        keep(fd);                                    \
        return 0;                                    \
    }
ON_SYNC(fsync)
ON_SYNC(fdatasync)

int ftruncate(int fd, off_t size) {
    if (at_file(fd, NAME)) return -1;
    return REAL(int, "ftruncate", int, off_t)(fd, size);
}

int ftruncate64(int fd, off64_t size) {
    if (at_file(fd, NAME)) return -1;
    return REAL(int, "ftruncate64", int, off64_t)(fd, size);
}

int unlink(const char *path) {
    if (at_path(path, NAME)) return -1;
    keep_gone(path);
    return REAL(int, "unlink", const char *)(path);
}

int rmdir(const char *path) {
    if (at_path(path, NAME)) return -1;
    return REAL(int, "rmdir", const char *)(path);
}

int unlinkat(int at, const char *path, int flags) {
    char whole[PATH_MAX * 2] = "";
    if (path[0] != '/' && path_of(at, whole)) strcat(strcat(whole, "/"), path);
    const char *name = path[0] == '/' ? path : whole;
    if (at_path(name, NAME)) return -1;
    keep_gone(name);
    return REAL(int, "unlinkat", int, const char *, int)(at, path, flags);
}

int mkdir(const char *path, mode_t mode) {
    if (at_path(path, CREATE)) return -1;
    return REAL(int, "mkdir", const char *, mode_t)(path, mode);
}

int rename(const char *from, const char *to) {
    if (at_path(to, NAME)) return -1;
    keep_gone(to);
    return REAL(int, "rename", const char *, const char *)(from, to);
}

int renameat(int a, const char *from, int b, const char *to) {
    if (at_path(to, NAME)) return -1;
    keep_gone(to);
    return REAL(int, "renameat", int, const char *, int, const char *)(a, from, b, to);
}
