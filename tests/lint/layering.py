# SPDX-License-Identifier: Apache-2.0
"""Includes run down one line, and each outside library is known to the few files named for it."""
import os
import re

from lintlib import LAYERS, Rule, c_files, main

BELOW = {
    "schema": {"schema"},
    "acl": {"acl", "schema"},
    "federation": {"federation", "acl", "schema"},
    "node": {"node", "federation", "acl", "schema"},
    "cli": {"cli", "schema"},
}

# header pattern -> the files that may include it
OUTSIDE = [
    (r"sodium.*", r"schema/digest\.c|acl/signature\.c|federation/(edge|key|seal|invitation|fingerprint|random)\w*\.c"
                  r"|node/(core|random|\w+_main)\w*\.c|schema/base/random\.c"),
    (r"zmq.*", r"federation/edge(_\w+)?\.[ch]"),
    (r"sqlite3\.h", r"node/store/\w+\.[ch]"),
    (r"microhttpd\.h", r"node/http\w*\.[ch]"),
    # JSON is the services' language, so api.h and everything behind it speaks it.
    (r"jansson\.h", r"schema/(type|mapping|text)\w*\.[ch]|node/\w+\.[ch]|cli/\w+\.[ch]"),
    (r"csv\.h", r"schema/csv\.c"),
    (r"libical/.*", r"schema/ical(_write)?\.c"),
    (r"unicode/.*", r"schema/(csv|value|text_fold|text)\w*\.c"),
    (r"curl/.*", r"cli/client\.c"),
    (r"(protobuf-c/.*|.*\.pb-c\.h)", r"schema/wire\w*\.[ch]"),
]

# The C library and the operating system.
SYSTEM = re.compile(
    r"(sys|linux|netinet|arpa|net|asm)/[\w/]+\.h|(assert|ctype|dirent|endian|errno|fcntl|float|getopt|grp|inttypes"
    r"|limits|locale|malloc|math|netdb|poll|pthread|pwd|sched|signal|stdalign|stdarg|stdatomic|stdbool|stddef|stdint"
    r"|stdio|stdlib|stdnoreturn|string|strings|syscall|syslog|termios|time|unistd|wchar|wctype|langinfo|spawn|threads)\.h")


def own_includes(text):
    return re.findall(r'^#\s*include\s+"([^"]+)"', text, re.M)


def upward(files):
    for path, text in c_files(files, *LAYERS).items():
        here = path.split("/")[0]
        for inc in own_includes(text):
            there = inc.split("/")[0]
            if inc.endswith(".pb-c.h"):
                continue
            if "/" not in inc:
                yield f"{path} includes \"{inc}\", not written from the root"
            elif there not in BELOW[here]:
                yield f"{path} includes {inc}"
            elif path.startswith("schema/base/") and not inc.startswith("schema/base/"):
                yield f"{path} includes {inc}"


def outside(files):
    for path, text in c_files(files, *LAYERS).items():
        names = re.findall(r"^#\s*include\s+<([^>]+)>", text, re.M)
        names += [i for i in own_includes(text) if i.endswith(".pb-c.h")]
        for name in names:
            if SYSTEM.fullmatch(name):
                continue
            allowed = [where for header, where in OUTSIDE if re.fullmatch(header, name)]
            if not allowed:
                yield f"{path} includes <{name}>, which no row of OUTSIDE names"
            elif not any(re.fullmatch(where, path) for where in allowed):
                yield f"{path} includes <{name}>"


def private(files):
    for path, text in c_files(files).items():
        for inc in own_includes(text):
            home = os.path.dirname(inc)
            if inc.endswith("_priv.h") and path.split("/")[0] != "tests" and os.path.dirname(path) != home:
                yield f"{path} includes {inc}"


def c_sources(files):
    for path, text in c_files(files).items():
        for inc in own_includes(text):
            if inc.endswith(".c"):
                yield f"{path} includes {inc}"


def missing(files):
    for path, text in c_files(files).items():
        for inc in own_includes(text):
            if "/" in inc and inc not in files:
                yield f"{path} includes {inc}, which is not there"


main([
    Rule("includes run one way, from the root", upward,
         [{"acl/a.c": '#include "node/api.h"\n'}, {"cli/a.c": '#include "acl/chain.h"\n'},
          {"schema/base/a.c": '#include "schema/type.h"\n'}, {"node/a.c": '#include "api.h"\n'}],
         [{"node/a.c": '#include "acl/chain.h"\n#include "schema/base/ids.h"\n'}]),
    Rule("an outside library is included only by the files named for it", outside,
         [{"node/a.c": "#include <zmq.h>\n"}, {"acl/chain.c": "#include <sqlite3.h>\n"},
          {"schema/x.c": "#include <expat.h>\n"}, {"federation/sync.c": '#include "wire.pb-c.h"\n'}],
         [{"federation/edge_zap.c": "#include <zmq.h>\n#include <sys/socket.h>\n"},
          {"schema/wire_grant.c": '#include "wire.pb-c.h"\n'}]),
    Rule("a private header stays in its folder", private,
         [{"node/a.c": '#include "schema/wire_priv.h"\n'}],
         [{"schema/wire_grant.c": '#include "schema/wire_priv.h"\n'}]),
    Rule("nothing includes a .c file", c_sources, [{"tests/unit/t.c": '#include "acl/chain.c"\n'}]),
    Rule("every included header of ours exists", missing, [{"acl/a.c": '#include "acl/gone.h"\n'}]),
])
