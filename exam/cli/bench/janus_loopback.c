/* Interfaces as getifaddrs(3) lists them, none of them marked as loopback: Janus leaves loopback out of its candidates,
 * and the bench sends nothing elsewhere. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <ifaddrs.h>
#include <net/if.h>

int getifaddrs(struct ifaddrs **found)
{
    int (*list)(struct ifaddrs **) = (int (*)(struct ifaddrs **)) dlsym(RTLD_NEXT, "getifaddrs");
    int failed = list(found);

    for (struct ifaddrs *each = failed ? 0 : *found; each != 0; each = each->ifa_next)
        each->ifa_flags &= ~IFF_LOOPBACK;
    return failed;
}
