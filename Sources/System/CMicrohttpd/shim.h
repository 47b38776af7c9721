#include <sys/types.h>
#include <sys/socket.h>
#include <microhttpd.h>

// Variadic functions are not imported into Swift.

static inline struct MHD_Daemon *cmicrohttpd_start(
    const struct sockaddr *address, MHD_AccessHandlerCallback handler, void *context, unsigned int connections,
    unsigned int timeout_seconds, size_t memory_octets)
{
    unsigned int flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC;
    if (address->sa_family == AF_INET6) flags |= MHD_USE_IPv6;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, handler, context, MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_CONNECTION_LIMIT,
        connections, MHD_OPTION_CONNECTION_TIMEOUT, timeout_seconds, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        memory_octets, MHD_OPTION_END);
}

static inline int cmicrohttpd_port(struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info == NULL ? 0 : info->port;
}

// How Swift names the cases of the library's enumerations differs between its versions.

static inline enum MHD_Result cmicrohttpd_go_on(void) { return MHD_YES; }
static inline enum MHD_Result cmicrohttpd_hang_up(void) { return MHD_NO; }

static inline struct MHD_Response *cmicrohttpd_response(const void *octets, size_t size)
{
    // The library copies them, though it takes a pointer that is not const.
    return MHD_create_response_from_buffer(size, (void *) octets, MHD_RESPMEM_MUST_COPY);
}
