/* SPDX-License-Identifier: Apache-2.0
 *
 * node/http_socket.h - the API's listening socket and its folder of uploads.
 *
 * The home's lock is held when this is called, so whatever lies at the path is left over from a
 * node that died.
 */
#ifndef HANSA_NODE_HTTP_SOCKET_H
#define HANSA_NODE_HTTP_SOCKET_H

#include "schema/diag.h"

#define HTTP_UPLOAD_PREFIX "upload-"

/* A listening unix socket of mode 0600. STATUS_CONFIG with a sentence: path too long or taken
 * by a file. */
MUST_CHECK enum status http_socket_listen(const char *path, struct diag *diag, int *out);
/* Remove uploads that no request owns any more. */
void http_socket_purge(const char *upload_dir);

#endif
