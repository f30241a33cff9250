# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of text in the model, and what each may look like.

A field of the model is annotated with its kind (``rate: Rate``). No kind admits a line break, and none that is
written into a directive without quotes admits ``;``, ``{``, ``}`` or a quote: a value can never end its directive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Callable

from . import quantities
from .addresses import HOSTNAME as HOST
from .addresses import in_ascii, is_ip, is_name_without_end, is_network, is_server_name, split_address, split_listen


@dataclass(frozen=True)
class Format:
    """A kind of text.

    :param words: what is expected, for the error.
    :param fits: whether a value is of this kind.
    :param secret: the value is never shown, in errors neither.
    :param converted: the value as the model has it, from the value that the user wrote.
    """

    words: str
    fits: Callable[[str], bool]
    secret: bool = False
    converted: Callable[[str], str] = str


def _matching(words: str, pattern: str) -> Format:
    compiled = re.compile(pattern, re.ASCII)
    return Format(words, lambda value: value.isprintable() and compiled.fullmatch(value) is not None)


def _size(words: str, least: int, most: int) -> Format:
    """Sizes that nginx keeps in memory: for those it knows no unit g (``ngx_parse_size``)."""

    def fits(value: str) -> bool:
        found = quantities.size(value)
        return found is not None and least <= found <= most and value[-1] not in "gG"

    return Format(words, fits)


LONGEST_TIME = 100 * quantities.YEAR
BUFFER_COUNT = range(2, 1025)
_COUNT = re.compile(r"\d{1,4}", re.ASCII)
_STRAY_DOLLAR = re.compile(r"\$(?![A-Za-z0-9_]|\{[A-Za-z0-9_]+\})", re.ASCII)
_UNIX_SOCKET = re.compile(r"unix:/[A-Za-z0-9_./-]{1,106}", re.ASCII)
"""As long as ``sun_path`` in the address of a socket may be (unix(7))."""


def _is_time(value: str) -> bool:
    found = quantities.seconds(value)
    return found is not None and found <= LONGEST_TIME


def _are_buffers(value: str) -> bool:
    number, _space, each = value.partition(" ")
    return _COUNT.fullmatch(number) is not None and int(number) in BUFFER_COUNT and BUFFER_SIZE.fits(each)


def _is_one_line(value: str) -> bool:
    return all(character.isprintable() for character in value)


def _is_pattern(value: str) -> bool:
    return len(value) > 1 and value.startswith("~") and _is_one_line(value) and not any(map(str.isspace, value))


def _is_encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


NAME = _matching("letters, digits, '.', '_' and '-'", r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
HOSTNAME = Format(
    "a host name in lower case such as api.example.com or *.example.com", is_server_name, converted=in_ascii
)
SERVER_NAME = Format(
    "a host name in lower case such as api.example.com, *.example.com or mail.*, or a regular expression behind ~",
    lambda value: is_server_name(value) or is_name_without_end(value) or _is_pattern(value),
    converted=in_ascii,
)
ADDRESS = Format(
    "host:port, [IPv6]:port or unix:/path",
    lambda value: split_address(value) is not None or _UNIX_SOCKET.fullmatch(value) is not None,
)
NETWORK = Format("an address or network such as 10.0.0.0/8, without host bits", is_network)
IP_ADDRESS = Format("an IPv4 or IPv6 address, without an interface", is_ip)
# nginx reads some times in milliseconds, up to days, and others in seconds, up to years (`ngx_parse_time`).
TIME = Format(
    "a time in ms, s, m, h, d or w such as 30s, 10m or 1h",
    lambda value: _is_time(value) and not value.endswith(("M", "y")),
)
SECONDS = Format(
    "a time in s, m, h, d, w, M or y such as 30s, 10m or 1h", lambda value: _is_time(value) and "ms" not in value
)
SIZE = _matching("an nginx size such as 64k, 10m or 1g", r"\d{1,9}[kKmMgG]?")
ZONE_SIZE = _size("a size in k or m, from 32k to 1024m, such as 10m", 32 * 1024, 1024**3)
BUFFER_SIZE = _size("a size in k or m, from 1k to 16m, such as 8k", 1024, 16 * 1024**2)
TEMP_FILE_SIZE = _size("0, or a size in k or m such as 1024m", 0, 2**62)
BUFFERS = Format("a number from 2 to 1024 and a size from 1k to 16m such as 16 8k", _are_buffers)
MEDIA_TYPE = _matching("a media type such as text/css", r"[a-z]+/[a-z0-9.+-]+")
MEDIA_RANGE = _matching("a media type such as text/css or image/*", r"[a-z]+/(?:\*|[a-z0-9.+-]+)")
RATE = _matching("a rate such as 10r/s or 60r/m", r"[1-9]\d{0,8}r/[sm]")
LEVELS = _matching("one to three levels of 1 or 2, such as 1:2", r"[12](?::[12]){0,2}")
URI_PATH = _matching(
    "a path that begins with / and holds no white space or any of ; { } \" ' $ \\", r"/[^\s;{}\"'$\\\x00-\x1f\x7f]*"
)
LOCATION_PATH = _matching(
    "a path that begins with / and holds no tab, line break or any of ; { } \" ' $ \\",
    r"/[^\t\n\r\f\v;{}\"'$\\\x00-\x1f\x7f]*",
)
URI_PATTERN = Format("a path or a regular expression, on one line", _is_one_line)
FOLDER = _matching("an absolute path of letters, digits and . _ / -", r"/[A-Za-z0-9_./-]*")
EDGE_FILE = _matching(
    "the absolute path of a file, of letters, digits and . _ / -", r"/(?:[A-Za-z0-9_.-]+/)*[A-Za-z0-9_.-]+"
)
FILE_PATTERN = _matching(
    "a path, $uri, $uri/ or =404", r"(?=.)(?:\$uri)?/?[A-Za-z0-9_./-]*|=\d{3}|\$uri[A-Za-z0-9_./-]*"
)
FILE_NAME = _matching("the name of a file, of letters, digits and . _ -", r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
LOG_FILE = _matching("the name of a file in /var/log/nginx such as shop.log", r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.log")
SUBFOLDER = _matching(
    "a folder such as uploads or wp-content/uploads, without / at its ends",
    r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*",
)
SCRIPT = _matching(
    "the path of a script such as /index.php, of letters, digits and . _ / -",
    r"(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/[A-Za-z0-9_-][A-Za-z0-9._-]*\.php",
)
PARAMETER_NAME = _matching("the name of a parameter, of letters, digits and _", r"[A-Za-z][A-Za-z0-9_]{0,63}")
# nginx's hash of hidden headers has no room for longer names.
HEADER_NAME = _matching("a header name of at most 46 letters, digits and -", r"[A-Za-z0-9][A-Za-z0-9-]{0,45}")
LITERAL = Format("text on one line without $", lambda value: _is_one_line(value) and "$" not in value)
EXPRESSION = Format(
    "text on one line; it may contain nginx variables such as $host or ${host}",
    lambda value: _is_one_line(value) and _STRAY_DOLLAR.search(value) is None,
)
# nginx decodes these, line breaks included: in a header they would let a client add headers.
_DECODED_VARIABLE = re.compile(
    r"\$\{?(?:uri|document_uri|request_filename|document_root|realpath_root|fastcgi_script_name"
    r"|fastcgi_path_info|\d+)\b",
    re.ASCII,
)


def _is_header_value(value: str) -> bool:
    return EXPRESSION.fits(value) and _DECODED_VARIABLE.search(value) is None


HEADER_VALUE = Format(
    "text on one line; nginx variables such as $host may be used, except decoded ones such as $uri and captures",
    _is_header_value,
    secret=True,  # it may be a token
)
COOKIE_NAME = _matching(
    "the name of a cookie, of letters, digits and . _ -, which may end with *", r"[A-Za-z0-9._-]{1,64}\*?"
)
EMAIL = _matching("an e-mail address", r"[^\s@;{}\"'$]+@[^\s@;{}\"'$]+\.[^\s@;{}\"'$]+")
HTTPS_URL = _matching("a URL that begins with https://", r"https://[^\s;{}\"'$]+")
REDIRECT_URL = _matching(
    "a URL or path without white space; $host and $request_uri are the variables it may hold",
    r"(?:https?://|/)(?:[^\s;{}\"'$\\]|\$host(?!\w)|\$request_uri(?!\w))*",
)
_TARGET = r"(?:[^\s;{}\"'$\\]|\$[1-9]|\$\{?[A-Za-z_]\w*\}?)*"
REDIRECT_TARGET = _matching(
    "a path or URL without white space, with groups such as $1 and $name only in its path and query",
    rf"(?:https?://[^\s;{{}}\"'$\\/?#]+(?:/{_TARGET})?|(?=[/$]){_TARGET})",
)
SIGN_IN = _matching(
    "$location, or a path or URL without white space, with $return_url only in its path and query",
    r"\$location|(?:https?://[^\s;{}\"'$\\/?#]+)?/(?:[^\s;{}\"'$\\]|\$return_url(?!\w))*",
)
ORIGIN = _matching(
    "an origin such as https://app.example.com, https://*.example.com or *, in lower case and without a path",
    rf"\*|https?://(?:\*\.)?{HOST.replace('A-Z', '')}(?::\d{{1,5}})?",
)
METHOD = _matching("a method such as GET", r"[A-Z]{1,32}")
LISTEN_ADDRESS = Format(
    "a port, or an IP address and a port such as 10.0.0.1:53", lambda value: split_listen(value) is not None
)
MODULE_NAME = _matching("the name of a module such as ngx_http_geoip2_module", r"ngx_[a-z0-9_]+_module")
BATCH = _matching("a number of hosts, or a percentage of all such as 30%", r"[1-9]\d{0,5}|(?:[1-9]\d?|100)%")
INVENTORY_NAME = _matching("the name of a host in the inventory", r"[A-Za-z0-9][A-Za-z0-9._@:-]*")
USER_NAME = Format(
    "a name without white space and colon",
    lambda value: re.fullmatch(r"[A-Za-z0-9._@+-]{1,64}", value, re.ASCII) is not None,
    secret=True,  # a password may follow it
)
PASSWORD = Format("a password on one line", lambda value: _is_one_line(value) and bool(value), secret=True)
PASSWORD_HASH = Format(
    "a hash that begins with $6$, $5$, $y$, $2b$, $2y$ or $apr1$",
    lambda value: re.fullmatch(r"\$(?:6|5|y|2b|2y|apr1)\$[A-Za-z0-9./$=,]+", value, re.ASCII) is not None,
    secret=True,
)
PLUGIN_NAME = _matching("the name of a DNS plugin of certbot without dns-, such as rfc2136", r"[a-z][a-z0-9-]{0,63}")
PACKAGE_NAME = _matching("the name of a package", r"[a-z0-9][a-z0-9+.-]{1,127}")
PROFILE_NAME = _matching("the name of a profile such as shortlived", r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
COMMON_NAME = _matching("the common name of an issuer such as ISRG Root X1", r"[A-Za-z0-9][A-Za-z0-9 ._()'-]{0,63}")
KEY_IDENTIFIER = _matching("the identifier of a key, without white space", r"[!-~]{1,256}")
HMAC_KEY = Format(
    "a key in base64url, without white space",
    lambda value: re.fullmatch(r"[A-Za-z0-9_-]{8,1024}={0,2}", value, re.ASCII) is not None,
    secret=True,
)
CREDENTIAL_KEY = _matching("an option of the plugin such as dns_rfc2136_server", r"[a-z][a-z0-9_-]{0,63}")
# certbot reads its files by ConfigObj: one of the two quotes must remain for the value, and %( begins a reference.
CREDENTIAL = Format(
    "text on one line, with one sort of quotes at most and without %(",
    lambda value: _is_one_line(value) and bool(value) and "%(" not in value and not {"'", '"'} <= {*value},
    secret=True,
)
FILE_PATH = Format("a path on one line", lambda value: _is_one_line(value) and bool(value))
DIRECTIVES = Format("nginx directives", lambda value: "\x00" not in value and _is_encodable(value))

Name = Annotated[str, NAME]
Hostname = Annotated[str, HOSTNAME]
ServerName = Annotated[str, SERVER_NAME]
Address = Annotated[str, ADDRESS]
Network = Annotated[str, NETWORK]
IpAddress = Annotated[str, IP_ADDRESS]
Batch = Annotated[str, BATCH]
InventoryName = Annotated[str, INVENTORY_NAME]
Time = Annotated[str, TIME]
Seconds = Annotated[str, SECONDS]
Size = Annotated[str, SIZE]
ZoneSize = Annotated[str, ZONE_SIZE]
TempFileSize = Annotated[str, TEMP_FILE_SIZE]
BufferSize = Annotated[str, BUFFER_SIZE]
Buffers = Annotated[str, BUFFERS]
MediaType = Annotated[str, MEDIA_TYPE]
MediaRange = Annotated[str, MEDIA_RANGE]
UriPath = Annotated[str, URI_PATH]
Rate = Annotated[str, RATE]
Levels = Annotated[str, LEVELS]
Folder = Annotated[str, FOLDER]
EdgeFile = Annotated[str, EDGE_FILE]
FilePattern = Annotated[str, FILE_PATTERN]
FileName = Annotated[str, FILE_NAME]
LogFile = Annotated[str, LOG_FILE]
Subfolder = Annotated[str, SUBFOLDER]
Script = Annotated[str, SCRIPT]
ParameterName = Annotated[str, PARAMETER_NAME]
HeaderName = Annotated[str, HEADER_NAME]
HeaderValue = Annotated[str, HEADER_VALUE]
CookieName = Annotated[str, COOKIE_NAME]
Literal = Annotated[str, LITERAL]
Expression = Annotated[str, EXPRESSION]
ListenAddress = Annotated[str, LISTEN_ADDRESS]
ModuleName = Annotated[str, MODULE_NAME]
UserName = Annotated[str, USER_NAME]
Password = Annotated[str, PASSWORD]
PasswordHash = Annotated[str, PASSWORD_HASH]
Email = Annotated[str, EMAIL]
HttpsUrl = Annotated[str, HTTPS_URL]
RedirectUrl = Annotated[str, REDIRECT_URL]
Origin = Annotated[str, ORIGIN]
Method = Annotated[str, METHOD]
SignIn = Annotated[str, SIGN_IN]
RedirectTarget = Annotated[str, REDIRECT_TARGET]
PluginName = Annotated[str, PLUGIN_NAME]
PackageName = Annotated[str, PACKAGE_NAME]
ProfileName = Annotated[str, PROFILE_NAME]
CommonName = Annotated[str, COMMON_NAME]
KeyIdentifier = Annotated[str, KEY_IDENTIFIER]
HmacKey = Annotated[str, HMAC_KEY]
CredentialKey = Annotated[str, CREDENTIAL_KEY]
Credential = Annotated[str, CREDENTIAL]
FilePath = Annotated[str, FILE_PATH]
UriPattern = Annotated[str, URI_PATTERN]
Directives = Annotated[str, DIRECTIVES]
Word = Annotated[str, NAME]
