/* Every system call that changes a file or speaks on a socket, counted, and one of them made to fail or to be the last.
 *
 * Loaded before the C library (LD_PRELOAD) into the process under torture. Nothing happens until it is armed:
 * faults_arm(at, error) counts from then on. Call number `at` fails with errno `error`; with a negative one it is done
 * first and fails all the same, with errno -`error`; with 0 the process ends where it stands. faults_count() says how
 * many calls there were. A socket breaks with ECONNRESET, whatever `error` says. Calls on anything but regular files,
 * folders and sockets are let through. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static long at = -1, count;
static int failing;

void faults_arm(long call, int error) { at = call; failing = error; count = 0; }
long faults_count(void) { return count; }

/* Whether this call goes its way, fails without being done, or is done and fails. */
enum fate { GOES, FAILS, DONE_AND_FAILS };

static enum fate now(void)
{
    if (at < 0 || ++count != at)
        return GOES;
    if (!failing)
        kill(getpid(), SIGKILL);
    return failing > 0 ? FAILS : DONE_AND_FAILS;
}

static enum fate on(int file)
{
    struct stat what;
    int before = errno, known = fstat(file, &what) == 0;
    errno = before;
    return known && (S_ISREG(what.st_mode) || S_ISDIR(what.st_mode) || S_ISSOCK(what.st_mode)) ? now() : GOES;
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

/* What `call` gives, or -1 with errno where this is the call that fails. */
#define FATED(which, call) \
    do { \
        enum fate its = (which); \
        if (its == FAILS) { errno = failing; return -1; } \
        if (its == DONE_AND_FAILS) { (void)!(call); errno = -failing; return -1; } \
        return call; \
    } while (0)

ssize_t write(int file, const void *data, size_t size) { REAL(write); FATED(on(file), real(file, data, size)); }
ssize_t pwrite(int file, const void *data, size_t size, off_t where) { REAL(pwrite); FATED(on(file), real(file, data, size, where)); }
ssize_t pwrite64(int file, const void *data, size_t size, off64_t where) { REAL(pwrite64); FATED(on(file), real(file, data, size, where)); }
int fsync(int file) { REAL(fsync); FATED(on(file), real(file)); }
int fdatasync(int file) { REAL(fdatasync); FATED(on(file), real(file)); }
int ftruncate(int file, off_t size) { REAL(ftruncate); FATED(on(file), real(file, size)); }
int ftruncate64(int file, off64_t size) { REAL(ftruncate64); FATED(on(file), real(file, size)); }
int rename(const char *from, const char *to) { REAL(rename); FATED(now(), real(from, to)); }
int unlink(const char *path) { REAL(unlink); FATED(now(), real(path)); }

/* A socket that fails is broken: nobody hears from its other end any more. */
#define BREAKING(file, call) \
    do { \
        enum fate its = on(file); \
        if (its == GOES) return call; \
        if (its == DONE_AND_FAILS) (void)!(call); \
        shutdown(file, SHUT_RDWR); \
        errno = ECONNRESET; \
        return -1; \
    } while (0)

ssize_t send(int file, const void *data, size_t size, int flags) { REAL(send); BREAKING(file, real(file, data, size, flags)); }
ssize_t recv(int file, void *data, size_t size, int flags) { REAL(recv); BREAKING(file, real(file, data, size, flags)); }

#define OPENING(name) \
    int name(const char *path, int flags, ...) \
    { \
        REAL(name); \
        mode_t mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); } \
        FATED(flags & (O_CREAT | O_WRONLY | O_RDWR) ? now() : GOES, real(path, flags, mode)); \
    }
OPENING(open)
OPENING(open64)
