/* Every system call that changes a file, counted, and one of them made to fail or to be the last.
 *
 * Loaded before the C library (LD_PRELOAD) into the process under torture. Nothing happens until it is armed:
 * faults_arm(at, error) counts from then on, and at call number `at` sets errno to `error` and fails, or with error 0
 * ends the process where it stands. faults_count() says how many calls there were. Calls on anything but regular files
 * and folders are let through. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static long at = -1, count;
static int failing;

void faults_arm(long call, int error) { at = call; failing = error; count = 0; }
long faults_count(void) { return count; }

/* 1 where this call is to fail. */
static int now(void)
{
    if (at < 0)
        return 0;
    if (++count != at)
        return 0;
    if (!failing)
        kill(getpid(), SIGKILL);
    errno = failing;
    return 1;
}

static int counted(int file)
{
    struct stat what;
    int before = errno, regular = fstat(file, &what) == 0 && (S_ISREG(what.st_mode) || S_ISDIR(what.st_mode));
    errno = before;
    return regular && now();
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int file, const void *data, size_t size) { REAL(write); return counted(file) ? -1 : real(file, data, size); }
ssize_t pwrite(int file, const void *data, size_t size, off_t where) { REAL(pwrite); return counted(file) ? -1 : real(file, data, size, where); }
ssize_t pwrite64(int file, const void *data, size_t size, off64_t where) { REAL(pwrite64); return counted(file) ? -1 : real(file, data, size, where); }
int fsync(int file) { REAL(fsync); return counted(file) ? -1 : real(file); }
int fdatasync(int file) { REAL(fdatasync); return counted(file) ? -1 : real(file); }
int ftruncate(int file, off_t size) { REAL(ftruncate); return counted(file) ? -1 : real(file, size); }
int ftruncate64(int file, off64_t size) { REAL(ftruncate64); return counted(file) ? -1 : real(file, size); }
int rename(const char *from, const char *to) { REAL(rename); return now() ? -1 : real(from, to); }
int unlink(const char *path) { REAL(unlink); return now() ? -1 : real(path); }

#define OPENING(name) \
    int name(const char *path, int flags, ...) \
    { \
        REAL(name); \
        mode_t mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); } \
        return (flags & (O_CREAT | O_WRONLY | O_RDWR)) && now() ? -1 : real(path, flags, mode); \
    }
OPENING(open)
OPENING(open64)
