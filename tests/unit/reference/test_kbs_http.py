"""The KBS double over HTTP: what is where, methods, limits, HTTPS, counters, refusals."""

from __future__ import annotations

import socket
import time

import pytest
import requests
from trustee_conformance.harness.adapters.certificates import Authority, Pair
from trustee_conformance.harness.model.canary import Canaries
from trustee_conformance.harness.reference.client import rcar
from trustee_conformance.harness.reference.client.errors import ClientError
from trustee_conformance.harness.reference.client.http import Http
from trustee_conformance.harness.reference.jose import decrypt, new_key
from trustee_conformance.harness.reference.kbs.repository import FlatFiles
from trustee_conformance.harness.reference.kbs.session import Sessions
from trustee_conformance.harness.reference.kbs.token import Trust

PATH = "default/one/key"
ERRORS = "https://github.com/confidential-containers/kbs/errors/"


def fetch(url: str, path: str = PATH, certificate: str | None = None) -> bytes:
    http = Http(url, certificate, rcar.USER_AGENT)
    key = new_key()
    return rcar.get_resource(http, rcar.Attester(http, key), key, path)


def attested(url: str) -> requests.Session:
    """A session that has attested."""
    http = Http(url, None, rcar.USER_AGENT)
    rcar.Attester(http, new_key()).handshake()
    return http._session


def told(answer: requests.Response) -> tuple[int, str, str]:
    body = answer.json()
    return answer.status_code, body["type"].removeprefix(ERRORS), body["detail"]


@pytest.mark.parametrize(
    ("generation", "status"), [("v0.17", 404), ("v0.21", 200)], ids=["v0.17", "v0.21"]
)
def test_healthz_is_there_from_v0_21(make_kbs, serve, generation, status):
    assert requests.get(f"{serve(make_kbs(generation))}/healthz", timeout=5).status_code == status


@pytest.mark.parametrize(
    ("generation", "method", "status"),
    [
        ("v0.17", "DELETE", 405),
        ("v0.21", "DELETE", 401),
        ("v0.17", "POST", 401),
        ("v0.17", "PUT", 405),
        ("v0.21", "HEAD", 405),
        ("v0.17", "NONSENSE", 405),
    ],
)
def test_methods(make_kbs, serve, generation, method, status):
    url = serve(make_kbs(generation))
    answer = requests.request(method, f"{url}/kbs/v0/resource/{PATH}", timeout=5)
    assert answer.status_code == status
    assert answer.status_code == 401 or answer.text == ""


@pytest.mark.parametrize("path", ["/", "/kbs", "/kbs/v0", "/kbs/v1/auth", "/metric"])
def test_elsewhere_is_nothing(make_kbs, serve, path):
    answer = requests.get(f"{serve(make_kbs())}{path}", timeout=5)
    assert (answer.status_code, answer.text) == (404, "")
    assert "content-type" not in answer.headers


@pytest.mark.parametrize("path", ["", "auth", "attest", "resource-polic", "pkcs11/a/b", "ü"])
def test_what_is_no_plugin_is_not_found(make_kbs, serve, path):
    answer = requests.get(f"{serve(make_kbs())}/kbs/v0/{path}", timeout=5)
    name = path.partition("/")[0]
    assert told(answer) == (404, "PluginNotFound", f"Plugin {name} not found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "resource-policy"),
        ("GET", "resource-policy"),
        ("POST", "attestation-policy"),
        ("GET", "reference-value"),
        ("POST", "reference-value"),
        ("POST", f"resource/{PATH}"),
    ],
)
def test_no_admin_is_let_in(make_kbs, serve, method, path):
    url = serve(make_kbs())
    answer = requests.request(method, f"{url}/kbs/v0/{path}", timeout=5)
    expected = (401, "AdminAuth", "Admin auth error: Admin endpoints disabled.")
    assert told(answer) == expected


@pytest.mark.parametrize(
    "path",
    [
        "default/one/absent",
        "default/one/.hidden",
        "default/one",
        "default/one/key/more",
        "default/one/k%20ey",
        "default/one%2Fkey/x",
        "default/one/key%0A",
        "default//key",
        "",
        "default/../../policy.rego",
    ],
)
@pytest.mark.parametrize("layout", ["directories", "flat"])
def test_no_path_tells_more_than_another(make_kbs, serve, put, tmp_path, path, layout):
    put(PATH, b"value")
    flat = {"repository": FlatFiles(tmp_path / "repository")} if layout == "flat" else {}
    url = serve(make_kbs(**flat))
    session = attested(url)
    cookie = {"Cookie": f"kbs-session-id={session.cookies['kbs-session-id']}"}
    prepared = requests.Request("GET", url, headers=cookie).prepare()
    prepared.url = f"{url}/kbs/v0/resource/{path}"  # as it stands: no dots are resolved
    expected = (401, "PluginInternalError", "Plugin internal error")
    assert told(session.send(prepared, timeout=5)) == expected


def test_a_denied_path_is_the_same_whether_or_not_it_is_there(make_kbs, serve, put):
    put(PATH, b"value")
    kbs = make_kbs(policy="package policy\ndefault allow = false\n")
    url = serve(kbs)
    session = attested(url)
    answers = [
        session.get(f"{url}/kbs/v0/resource/{path}", timeout=5)
        for path in (PATH, "default/one/absent", "default/.hidden/x", "x")
    ]
    assert {told(one) for one in answers} == {(401, "PolicyDeny", "Access denied by policy")}
    without_date = [{**one.headers, "date": ""} for one in answers]
    assert all(headers == without_date[0] for headers in without_date)
    assert b"kbs_resource_reads_total{" not in kbs.metrics.text()


@pytest.mark.parametrize(
    ("generation", "expected"),
    [
        ("v0.17", ("PolicyEngine", "Policy engine error")),
        ("v0.21", ("PolicyEngineError", "Policy engine error: Failed to load policy: ")),
    ],
)
def test_a_broken_policy_is_an_error_of_its_own(make_kbs, serve, generation, expected):
    url = serve(make_kbs(generation, policy="package policy\nallow = {"))
    status, variant, detail = told(attested(url).get(f"{url}/kbs/v0/resource/{PATH}", timeout=5))
    assert (status, variant) == (401, expected[0])
    assert detail.startswith(expected[1])


def test_policy_and_resources_are_read_at_every_request(make_kbs, serve, put):
    put(PATH, b"value")
    kbs = make_kbs()
    url = serve(kbs)
    assert fetch(url) == b"value"
    put(PATH, b"another")
    assert fetch(url) == b"another"
    kbs.policy.path.write_text("package policy\ndefault allow = false\n")
    with pytest.raises(ClientError, match="request unauthorized"):
        fetch(url)


def test_flat_files_are_named_with_an_escaped_slash(make_kbs, serve, tmp_path):
    (tmp_path / r"default\x2Fone\x2Fkey").write_bytes(b"value")
    assert fetch(serve(make_kbs("v0.21", repository=FlatFiles(tmp_path)))) == b"value"


def test_a_session_expires_and_its_token_goes_with_it(make_kbs, serve, put):
    put(PATH, b"value")
    began = float(int(time.time()))
    now = [began]

    def clock() -> float:
        return now[0]

    kbs = make_kbs(clock=clock, sessions=Sessions(timeout=300, clock=clock))
    url = serve(kbs)
    cookie = {"Cookie": f"kbs-session-id={kbs.sessions.open('sample').id}"}
    http = Http(url, None, rcar.USER_AGENT)
    token = rcar.Attester(http, new_key()).handshake()
    resource = f"{url}/kbs/v0/resource/{PATH}"
    assert told(requests.get(resource, headers=cookie, timeout=5))[1] == "TokenNotFound"
    bearer = {"Authorization": f"Bearer {token}"}
    for passed, by_bearer in ((0, 200), (360, 200), (361, 401)):
        now[0] = began + passed
        assert requests.get(resource, headers=bearer, timeout=5).status_code == by_bearer
    assert told(requests.get(resource, headers=bearer, timeout=5))[1] == "TokenVerifierError"
    assert told(http._session.get(resource, timeout=5))[1] == "TokenNotFound"


def test_a_session_that_expired_makes_way_for_a_bearer_token(make_kbs, serve, put):
    put(PATH, b"value")
    url = serve(make_kbs())
    token = rcar.Attester(Http(url, None, rcar.USER_AGENT), new_key()).handshake()
    both = {"Cookie": "kbs-session-id=unknown", "Authorization": f"Bearer {token}"}
    resource = f"{url}/kbs/v0/resource/{PATH}"
    assert requests.get(resource, headers=both, timeout=5).status_code == 200
    basic = {"Authorization": f"Basic {token}"}
    assert told(requests.get(resource, headers=basic, timeout=5))[1] == "TokenNotFound"


def test_a_session_wins_over_a_bearer_token(make_kbs, serve, put):
    put(PATH, b"value")
    url = serve(make_kbs())
    http, other = (Http(url, None, rcar.USER_AGENT) for _ in range(2))
    key, others_key = new_key(), new_key()
    rcar.Attester(http, key).handshake()
    bearer = rcar.Attester(other, others_key).handshake()
    answer = http.send("GET", f"/resource/{PATH}", bearer=bearer)
    assert decrypt(answer.json(), key) == b"value"


def test_where_no_key_is_trusted_no_token_is(make_kbs, serve, put):
    put(PATH, b"value")
    url = serve(make_kbs(trust=Trust(any_key=False)))
    session = attested(url)
    answer = session.get(f"{url}/kbs/v0/resource/{PATH}", timeout=5)
    assert told(answer) == (401, "TokenVerifierError", "Token Verifier error")


@pytest.mark.parametrize("version", ["0.1.1", "0.2.0"])
def test_another_protocol_is_refused_by_either_side(make_kbs, serve, put, version):
    put(PATH, b"value")
    asked = {"version": version, "tee": "sample", "extra-params": ""}
    answer = requests.post(f"{serve(make_kbs())}/kbs/v0/auth", json=asked, timeout=5)
    mismatch = "KBS Client Protocol Version Mismatch"
    assert told(answer) == (
        401,
        "AttestationError",
        "Attestation error: RCAR handshake Auth failed: "
        f"{mismatch}: expect =0.4.0 while the request is {version}",
    )
    older = serve(make_kbs(version=version))
    with pytest.raises(ClientError, match=f"expect ={version} while the request is 0.4.0"):
        fetch(older)
    assert requests.post(f"{older}/kbs/v0/auth", json=asked, timeout=5).status_code == 200


def test_a_body_over_the_limit_is_not_read(make_kbs, serve):
    url = serve(make_kbs(), payload_limit=1000)
    answer = requests.post(f"{url}/kbs/v0/auth", data=b"x" * 1001, timeout=5)
    assert (answer.status_code, answer.headers["content-type"]) == (
        413,
        "text/plain; charset=utf-8",
    )
    streamed = requests.post(f"{url}/kbs/v0/auth", data=iter([b"x" * 600] * 2), timeout=5)
    assert streamed.status_code == 413
    assert requests.post(f"{url}/kbs/v0/auth", data=b"x" * 1000, timeout=5).status_code == 401


def test_the_counters_have_the_real_names(make_kbs, serve, put):
    put(PATH, b"value")
    url = serve(make_kbs())
    fetch(url)
    with pytest.raises(ClientError):
        fetch(url, "default/one/absent")
    answer = requests.get(f"{url}/metrics", timeout=5)
    lines = set(answer.text.splitlines())
    assert {
        f'kbs_resource_reads_total{{resource_path="{PATH}"}} 1.0',
        'kbs_resource_reads_total{resource_path="default/one/absent"} 2.0',
        "kbs_policy_evaluations_total 3.0",
        "kbs_policy_approvals_total 3.0",
        "kbs_policy_violations_total 0.0",
        'kbs_attestation_successes_total{tee_type="sample"} 4.0',
        "kbs_auth_requests_total 4.0",
        "kbs_auth_errors_total 0.0",
        "kbs_http_requests_total 13.0",
    } <= lines
    assert answer.headers["content-type"].startswith("text/plain")
    assert requests.post(f"{url}/metrics", timeout=5).status_code == 405


@pytest.fixture
def pair(tmp_path) -> Pair:
    folder = tmp_path / "tls"
    folder.mkdir()
    return Authority(folder, Canaries()).server("kbs", ["127.0.0.1"])


def test_https_is_for_those_who_trust_the_certificate(make_kbs, serve, put, tmp_path, pair):
    put(PATH, b"value")
    url = serve(make_kbs(), ssl_certfile=pair.certificate, ssl_keyfile=pair.key)
    other = Authority(tmp_path, Canaries()).certificate
    assert fetch(url, certificate=str(pair.certificate.with_name("ca.crt"))) == b"value"
    for certificate in (str(other), None):
        with pytest.raises(ClientError, match=r"http request failed.*certificate"):
            fetch(url, certificate=certificate)
    with pytest.raises(ClientError, match="http request failed"):
        fetch(url.replace("https", "http"))


def test_plain_http_is_not_https(make_kbs, serve):
    with pytest.raises(ClientError, match="http request failed"):
        fetch(serve(make_kbs()).replace("http", "https"))


def test_what_is_not_http_is_refused_and_breaks_nothing(make_kbs, serve):
    url = serve(make_kbs())
    host, port = url.removeprefix("http://").split(":")
    for raw in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"\r\n\r\n\x00"):
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(1000)
            assert answer == b"" or b" 400 " in answer
    assert requests.get(f"{url}/metrics", timeout=5).status_code == 200
