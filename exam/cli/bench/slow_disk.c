/* A disk whose flush takes 2 ms longer: fdatasync(2) of the process that preloads this, which PostgreSQL calls to
 * flush its log under wal_sync_method = fdatasync. Whoever comes while a flush is under way waits for the next one, as
 * on a real disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

int fdatasync(int file)
{
    static int (*flush)(int);
    struct timespec delay = {0, 2000000};

    if (flush == 0)
        flush = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync");
    while (nanosleep(&delay, &delay) != 0)
        ;
    return flush(file);
}
