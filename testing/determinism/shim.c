/* A clock that is off by FLOE_CLOCK_OFF seconds, and folders whose entries come in the opposite order. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

static long off(void) {
    const char *said = getenv("FLOE_CLOCK_OFF");
    return said ? atol(said) : 0;
}

int clock_gettime(clockid_t id, struct timespec *t) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(id, t);
    if (!done && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) t->tv_sec += off();
    return done;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    t->tv_sec = now.tv_sec;
    t->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *t) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (t) *t = now.tv_sec;
    return now.tv_sec;
}

#define FOLDERS 256
struct folder { DIR *dir; struct dirent *entries; long count; };
static struct folder open_folders[FOLDERS];

static struct folder *of(DIR *dir) {
    for (int i = 0; i < FOLDERS; i++)
        if (open_folders[i].dir == dir) return &open_folders[i];
    return NULL;
}

struct dirent *readdir(DIR *dir) {
    static struct dirent *(*real)(DIR *);
    if (!real) real = dlsym(RTLD_NEXT, "readdir");
    if (!getenv("FLOE_FOLDERS_BACKWARDS")) return real(dir);
    struct folder *folder = of(dir);
    if (!folder && (folder = of(NULL))) {
        folder->dir = dir;
        folder->entries = NULL;
        folder->count = 0;
        for (struct dirent *entry; (entry = real(dir)); folder->count++) {
            folder->entries = realloc(folder->entries, (folder->count + 1) * sizeof *entry);
            memcpy(&folder->entries[folder->count], entry, sizeof *entry);
        }
    }
    if (!folder) return real(dir);
    return folder->count ? &folder->entries[--folder->count] : NULL;
}

struct dirent64 *readdir64(DIR *dir) { return (struct dirent64 *)readdir(dir); }

int closedir(DIR *dir) {
    static int (*real)(DIR *);
    if (!real) real = dlsym(RTLD_NEXT, "closedir");
    struct folder *folder = of(dir);
    if (folder) {
        free(folder->entries);
        folder->entries = NULL;
        folder->dir = NULL;
    }
    return real(dir);
}
