# Copyright (c) 2026, Totalview
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to this collection: may change with any release.

from __future__ import annotations

import os
import time
import typing as t
from email.utils import parsedate_to_datetime
from functools import lru_cache

if t.TYPE_CHECKING:
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.exceptions import MaxRetryError
    from urllib3.util import Retry
    from urllib3.util.ssl_ import create_urllib3_context

    REQUESTS_IMPORT_ERROR: ImportError | None
else:
    try:
        import requests
        from requests.adapters import HTTPAdapter
        from urllib3.exceptions import MaxRetryError
        from urllib3.util import Retry
        from urllib3.util.ssl_ import create_urllib3_context
    except ImportError as exc:
        REQUESTS_IMPORT_ERROR = exc
        Retry = HTTPAdapter = object
    else:
        REQUESTS_IMPORT_ERROR = None

from ansible_collections.totalview.exchange365.plugins.module_utils._errors import EndpointError
from ansible_collections.totalview.exchange365.plugins.module_utils._wait import tell_long_wait

#: Seconds to connect and to wait for the next byte.
TIMEOUT = (10, 60)
#: Seconds; a longer Retry-After is cut to this.
RETRY_AFTER_CAP = 60.0
#: Times that a request is sent again.
RETRIES = 12
#: Seconds from the first refusal of a request to the last try.
RETRY_DEADLINE = 300.0

_READS = frozenset({"GET", "HEAD"})
#: The service's own faults, which pass; any other status is an answer.
_STUMBLES = frozenset({500, 502, 503, 504})


class ThrottleRetry(Retry):
    """When a request may be sent again.

    429: always, Microsoft did not process it (Graph throttling guidance). 500, 502, 503, 504: reads only, a write may
    have been done although its answer was lost. Total waiting time for one request is at most RETRY_DEADLINE.
    """

    first_refusal: float | None = None

    def new(self, **kw: t.Any) -> t.Self:
        fresh = super().new(**kw)
        fresh.first_refusal = self.first_refusal or time.monotonic()
        return fresh

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        return status_code == 429 or (status_code in _STUMBLES and self._is_method_retryable(method))

    def get_retry_after(self, response: t.Any) -> float | None:
        retry_after = response.headers.get("Retry-After")
        return None if retry_after is None else retry_after_seconds(retry_after, response.headers.get("Date"))

    def _sleep_backoff(self) -> None:
        tell_long_wait(self.get_backoff_time())
        super()._sleep_backoff()

    def sleep_for_retry(self, response: t.Any) -> bool:
        tell_long_wait(self.get_retry_after(response) or 0.0)
        return super().sleep_for_retry(response)

    def increment(self, *args: t.Any, **kwargs: t.Any) -> t.Self:
        if self.first_refusal and time.monotonic() - self.first_refusal > RETRY_DEADLINE:
            raise MaxRetryError(kwargs["_pool"], str(kwargs.get("url")), kwargs.get("error"))
        return super().increment(*args, **kwargs)


def retry_after_seconds(retry_after: str, date: str | None) -> float:
    """From a number, also a fractional one (Graph sends 2.128), or from an HTTP date and that of the answer.

    0, and so the usual backoff, where it is neither.
    """
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(retry_after).timestamp() - _moment(date)
        except ValueError:
            return 0.0
    return min(max(0.0, seconds), RETRY_AFTER_CAP)  # in this order: not a number counts as 0


def _moment(date: str | None) -> float:
    """Microsoft's clock; this machine's where the answer tells none."""
    return time.time() if date is None else parsedate_to_datetime(date).timestamp()


def _retry(repeatable: frozenset[str], at_most: int) -> ThrottleRetry:
    # Waits of 0.5, 1, 2, 4 ... 60 seconds (with jitter) where the answer names none.
    return ThrottleRetry(
        total=at_most,
        connect=2,
        read=2,
        other=0,
        allowed_methods=repeatable,
        backoff_factor=0.5,
        backoff_max=RETRY_AFTER_CAP,
        backoff_jitter=0.3,
        raise_on_status=False,
    )


def default_ca_path() -> str:
    """The authorities to trust where nobody says otherwise: the environment's, or those that requests brings along."""
    named = (os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
    return next((path for path in named if path), requests.utils.DEFAULT_CA_BUNDLE_PATH)


class ClientCertificate(t.NamedTuple):
    """Files in PEM form. `key`: None where the certificate's file has it too."""

    certificate: str
    key: str | None


@lru_cache(maxsize=4)
def tls_context(ca_path: str, ours: ClientCertificate | None = None) -> t.Any:
    """Read once for each process, or once for all that it forks: a usual bundle takes tens of milliseconds.

    `ours`: shown to a server that asks for it. Raises EndpointError.
    """
    context = create_urllib3_context()
    try:
        context.load_verify_locations(**{"capath" if os.path.isdir(ca_path) else "cafile": ca_path})  # noqa: PTH112
    except OSError as exc:
        raise EndpointError(
            f"The certificate authorities in {ca_path} cannot be used: {exc.strerror or exc}.",
            next_step="Correct ca_path, or REQUESTS_CA_BUNDLE: it takes a file in PEM form.",
            code="NoAuthorities",
        ) from exc
    if ours is not None:
        try:
            context.load_cert_chain(ours.certificate, ours.key)
        except OSError as exc:
            raise EndpointError(
                f"The client certificate in {ours.certificate} cannot be used: {exc.strerror or exc}.",
                next_step="Give certificate and private key in PEM form, without a password.",
                code="ClientCertificateUnusable",
            ) from exc
    return context


class _Adapter(HTTPAdapter):
    """Trusts whom the context trusts; requests would read the authorities once more for each connection."""

    def __init__(self, context: t.Any) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: t.Any) -> t.Any:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)

    def cert_verify(self, conn: t.Any, url: str, verify: t.Any, cert: t.Any) -> None:
        conn.cert_reqs = "CERT_REQUIRED"


class HttpClient:
    """One kept-alive session; TLS is always verified, against `ca_path` where given.

    Its `get` and `post` have the shape that msal wants of an `http_client`.
    Raises EndpointError for everything that is no HTTP answer, and for a `ca_path` that cannot be used.
    """

    def __init__(self, ca_path: str | None, ours: ClientCertificate | None = None) -> None:
        self._session = requests.Session()
        # What it takes from the environment it looks for with each request: proxies, which are looked for once here,
        # and a netrc file, whose password would take our token's place.
        self._session.trust_env = False
        self._proxies: dict[str, dict[str, str]] = {}
        self._adapter = _Adapter(tls_context(ca_path or default_ca_path(), ours))
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, self._adapter)

    def get(self, url: str, **kwargs: t.Any) -> requests.Response:
        return self._for_msal("GET", url, **kwargs)

    def post(self, url: str, **kwargs: t.Any) -> requests.Response:
        # To ask for a token changes nothing: what the service stumbles over is asked for again.
        return self._for_msal("POST", url, reads=True, **kwargs)

    def _for_msal(self, method: str, url: str, **kwargs: t.Any) -> requests.Response:
        response = self.request(method, url, **kwargs)
        if response.status_code >= 500:  # msal's versions differ in what they raise then
            raise EndpointError(
                f"{_origin(url)} has a fault of its own (status {response.status_code}).", next_step="Run again later."
            )
        _require_what_msal_reads(response, url)
        return response

    def request(
        self,
        method: str,
        url: str,
        *,
        reads: bool = False,
        retries: int = RETRIES,
        timeout: t.Any = TIMEOUT,
        neighbour: bool = False,
        **kwargs: t.Any,
    ) -> requests.Response:
        """Send; the others as of requests (timeout, headers, params, json, data). `reads`: a POST that only asks.

        `neighbour`: the answer comes from this machine, or the next one on its own network: no proxy stands between,
        and only such a one is asked without TLS.
        """
        if not (neighbour or url.startswith("https://")):
            raise EndpointError(f"{_origin(url)} is no usable address.", next_step="Use https://host.")
        self._adapter.max_retries = _retry(_READS | {"POST"} if reads else _READS, retries)
        try:
            return self._session.send(
                self._prepared(method, url, **kwargs),
                timeout=timeout,
                verify=True,
                proxies={} if neighbour else self._proxies_for(url),
                allow_redirects=False,
            )
        except requests.exceptions.SSLError as exc:
            raise EndpointError(
                f"The certificate of {_origin(url)} was not accepted: {_reason(exc)}.",
                next_step="Check the address; behind an inspecting proxy set ca_path to the file of its authority.",
                code="CertificateNotAccepted",
            ) from exc
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as exc:
            raise EndpointError(f"{_origin(url)} is no usable address.", next_step="Use https://host.") from exc
        except OSError as exc:  # what requests raises
            raise EndpointError(
                f"No answer from {_origin(url)}: {_reason(exc)}.",
                next_step="Check name, network and proxy of this machine, then run again.",
                code="EndpointUnreachable",
            ) from exc

    def _prepared(
        self, method: str, url: str, headers: t.Mapping[str, str] | None = None, **kwargs: t.Any
    ) -> requests.PreparedRequest:
        # Session.request would merge each part with settings that nobody makes here, for a tenth of the CPU time.
        sent = {**self._session.headers, **(headers or {})}
        return requests.Request(method, url, headers=sent, cookies=self._session.cookies, **kwargs).prepare()

    def _proxies_for(self, url: str) -> dict[str, str]:
        origin = _origin(url)
        if origin not in self._proxies:
            self._proxies[origin] = requests.utils.get_environ_proxies(url)
        return self._proxies[origin]


#: What msal reads of an answer without a look at its type, and the types that it can do with.
_MSAL_READS: dict[str, tuple[type, ...]] = {
    "access_token": (str,),
    "token_endpoint": (str,),
    "authorization_endpoint": (str,),
    "issuer": (str,),
    "error": (str,),
    "error_description": (str,),
    "expires_in": (int, str),
    "ext_expires_in": (int, str),
    "expires_on": (int, str),
    "refresh_in": (int,),
}


def _require_what_msal_reads(response: requests.Response, url: str) -> None:
    try:
        body = response.json()
    except ValueError:
        return  # msal tells that itself
    if not isinstance(body, dict) or not all(
        isinstance(body.get(name, of[0]()), of) for name, of in _MSAL_READS.items()
    ):
        raise EndpointError(
            f"{_origin(url)} does not answer like Microsoft Entra.", next_step="Check authority_url and cloud."
        )


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3])


def _reason(exc: BaseException) -> str:
    """The innermost text: requests and urllib3 wrap the interesting one several times."""
    reason = getattr(exc.args[0], "reason", exc) if exc.args else exc
    return str(reason).split(": ", 1)[-1].rstrip(".")
