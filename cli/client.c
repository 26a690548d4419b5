/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "cli/home.h"
#include "cli/target.h"
#include "schema/base/cleanup.h"
#include "schema/base/limits.h"

/* A file as JSON text can take six bytes for one. */
#define REPLY_MAX ((size_t)HTTP_UPLOAD_MAX * 2)

struct call {
    CURL *curl;
    struct curl_slist *headers;
    struct buffer reply;
    FILE *upload;
    char *body;
};

static void
call_fini(struct call *call)
{
    if (call->upload != NULL && call->upload != stdin)
        (void)fclose(call->upload);
    curl_easy_cleanup(call->curl);
    curl_slist_free_all(call->headers);
    buffer_fini(&call->reply);
    xfree(&call->body);
}

static size_t
on_reply(char *data, size_t size, size_t count, void *self)
{
    struct call *call = self;
    size_t len = size * count;

    if (call->reply.len + len > REPLY_MAX)
        return 0;
    buffer_put(&call->reply, data, len);
    return len;
}

static size_t
on_upload(char *out, size_t size, size_t count, void *self)
{
    return fread(out, size, count, self);
}

static void
add_header(struct call *call, const char *line)
{
    call->headers = curl_slist_append(call->headers, line);
}

static void
set_body(struct call *call, json_t *body)
{
    call->body = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    (void)curl_easy_setopt(call->curl, CURLOPT_POSTFIELDS, call->body);
    (void)curl_easy_setopt(call->curl, CURLOPT_POSTFIELDSIZE_LARGE,
                           (curl_off_t)strlen(call->body));
    add_header(call, "Content-Type: application/json");
}

static enum status
set_upload(struct cli *cli, struct call *call, const char *path)
{
    struct stat st;

    call->upload = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    if (call->upload == NULL || fstat(fileno(call->upload), &st) != 0)
        return diag_say(&cli->diag, STATUS_USAGE, "cli.file.read", path, strerror(errno), NULL);
    if (S_ISDIR(st.st_mode))
        return diag_say(&cli->diag, STATUS_USAGE, "cli.file.read", path, strerror(EISDIR),
                        NULL);
    (void)curl_easy_setopt(call->curl, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(call->curl, CURLOPT_READFUNCTION, on_upload);
    (void)curl_easy_setopt(call->curl, CURLOPT_READDATA, call->upload);
    if (S_ISREG(st.st_mode)) /* else in chunks until it ends */
        (void)curl_easy_setopt(call->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)st.st_size);
    add_header(call, "Content-Type: application/octet-stream");
    return STATUS_OK;
}

static enum status
set_up(struct cli *cli, struct call *call, const struct command *command)
{
    const char *socket = home_socket(cli);
    const char *url =
        arena_printf(cli->arena, "http://node%s", target_format(command, cli->arena));
    json_t *body = target_body(command);

    if (strlen(socket) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
        json_decref(body);
        return diag_say(&cli->diag, STATUS_CONFIG, "http.socket.long", socket, NULL);
    }
    (void)curl_easy_setopt(call->curl, CURLOPT_UNIX_SOCKET_PATH, socket);
    (void)curl_easy_setopt(call->curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(call->curl, CURLOPT_PATH_AS_IS,
                           1L);                            /* a partner may be called ".." */
    (void)curl_easy_setopt(call->curl, CURLOPT_PROXY, ""); /* whatever http_proxy says */
    (void)curl_easy_setopt(call->curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(call->curl, CURLOPT_WRITEFUNCTION, on_reply);
    (void)curl_easy_setopt(call->curl, CURLOPT_WRITEDATA, call);
    add_header(call,
               arena_printf(cli->arena, "Accept-Language: %s", language_tag(cli->language)));
    if (body != NULL)
        set_body(call, body);
    else if (command->upload != NULL)
        TRY(set_upload(cli, call, command->upload));
    (void)curl_easy_setopt(call->curl, CURLOPT_CUSTOMREQUEST, command->service->method);
    (void)curl_easy_setopt(call->curl, CURLOPT_HTTPHEADER, call->headers);
    return STATUS_OK;
}

static enum status
say_unreachable(struct cli *cli, CURLcode code)
{
    struct stat st;

    if (code != CURLE_COULDNT_CONNECT)
        return diag_say(&cli->diag, STATUS_IO, "cli.node.broken", curl_easy_strerror(code),
                        NULL);
    if (stat(cli->home, &st) != 0)
        return diag_say(&cli->diag, STATUS_CONFIG, "cli.home.none", cli->home, NULL);
    return diag_say(&cli->diag, STATUS_UNREACHABLE, "cli.node.none", cli->home, NULL);
}

/* The status that the node's problem names. */
static enum status
take_problem(struct cli *cli, json_t *problem, long http)
{
    const char *code = json_string_value(json_object_get(problem, "code"));
    enum status status = code != NULL ? status_find(code) : STATUS_COUNT_;

    if (status == STATUS_OK || status == STATUS_COUNT_) {
        json_decref(problem);
        return diag_say(&cli->diag,
                        http == 413 || http == 414 || http == 431 ? STATUS_TOO_BIG
                                                                  : STATUS_INTERNAL,
                        "cli.node.answer", arena_printf(cli->arena, "%ld", http), NULL);
    }
    json_decref(cli->problem);
    cli->problem = problem;
    return status;
}

enum status
client_ask(struct cli *cli, const struct command *command, json_t **reply)
{
    AUTO(call_fini) struct call call = { .curl = curl_easy_init() };
    long http = 0;

    *reply = NULL;
    if (call.curl == NULL)
        return STATUS_INTERNAL;
    TRY(set_up(cli, &call, command));
    CURLcode code = curl_easy_perform(call.curl);
    if (code != CURLE_OK)
        return say_unreachable(cli, code);
    (void)curl_easy_getinfo(call.curl, CURLINFO_RESPONSE_CODE, &http);
    json_t *json =
        json_loadb((const char *)call.reply.data, call.reply.len, JSON_REJECT_DUPLICATES, NULL);
    if (http < 200 || http > 299 || json == NULL)
        return take_problem(cli, json, http);
    *reply = json;
    return STATUS_OK;
}

bool
client_is_answered(struct cli *cli)
{
    struct command command = { .service = service_find("node.status"), .args = json_object() };
    AUTO(json_decrefp) json_t *reply = NULL;
    enum status status = client_ask(cli, &command, &reply);

    command_fini(&command);
    json_decref(cli->problem);
    cli->problem = NULL;
    cli->diag = (struct diag){ 0 };
    return status != STATUS_UNREACHABLE && status != STATUS_CONFIG && status != STATUS_IO &&
           status != STATUS_STOPPED;
}
