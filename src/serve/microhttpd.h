/* GNU libmicrohttpd, loaded when a server is started: with TLS and all that it brings along, it
 * takes longer to load than a caption takes. */
#ifndef CAPTION_SERVE_MICROHTTPD_H
#define CAPTION_SERVE_MICROHTTPD_H

#include "base/error.h"

#ifdef CAPTION_WITH_MICROHTTPD

#include <microhttpd.h>

#define MICROHTTPD_FUNCTIONS(FUNCTION)                                                             \
    FUNCTION(MHD_start_daemon)                                                                     \
    FUNCTION(MHD_stop_daemon)                                                                      \
    FUNCTION(MHD_quiesce_daemon)                                                                   \
    FUNCTION(MHD_create_response_from_buffer)                                                      \
    FUNCTION(MHD_add_response_header)                                                              \
    FUNCTION(MHD_destroy_response)                                                                 \
    FUNCTION(MHD_queue_response)                                                                   \
    FUNCTION(MHD_suspend_connection)                                                               \
    FUNCTION(MHD_resume_connection)                                                                \
    FUNCTION(MHD_lookup_connection_value)                                                          \
    FUNCTION(MHD_get_connection_values)                                                            \
    FUNCTION(MHD_get_connection_info)                                                              \
    FUNCTION(MHD_create_post_processor)                                                            \
    FUNCTION(MHD_post_process)                                                                     \
    FUNCTION(MHD_destroy_post_processor)

struct microhttpd {
#define FUNCTION(name) __typeof__(&name) name;
    MICROHTTPD_FUNCTIONS(FUNCTION)
#undef FUNCTION
};

/* Sets the pointers. False with `error` set where the library is not there. It stays loaded. */
bool microhttpd_load(struct microhttpd *library, caption_error *error);

#endif
#endif
