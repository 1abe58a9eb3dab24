"""An OPA whose certificate is wrong, or that speaks no TLS where TLS was said, or the reverse."""

from __future__ import annotations

import ssl

import pytest
from tests.authority import Authority, serving
from tests.integration.fail_closed.observed import invalid, timeout, unreachable
from tests.wire import answering, misbehaving, silence

from inbounds import ConfigurationError
from inbounds.pdp.opa import OpaServer

ANSWER = answering(b"{}")
ENDED = unreachable(("the other side ended TLS before an answer", "TLS could not be", "reset"))
"""What is told where the other side refuses, which TLS 1.3 says after the handshake."""
BROKEN = unreachable(("the connection broke before an answer", "connection reset by peer"))
ANSWERED = invalid("undefined")
"""What is told where TLS was not a hindrance."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("stranger"), "stranger")


def told(embedded, fault, url, *, deadline=5, **options):
    """See that a call is refused with `fault` where the PDP at `url` decides."""
    pdp = OpaServer(url, **options)
    with embedded.decided_by(pdp, deadline=deadline):
        embedded.refused(fault)
    pdp.close()


def test_the_right_certificate_is_no_hindrance(embedded, authority):
    """
    The rows below fail for what is wrong in them alone.
    """
    with misbehaving(ANSWER, tls=serving(authority.certificate())) as url:
        told(embedded, ANSWERED, url, verify=str(authority.file))


def test_of_an_authority_nobody_trusts(embedded, authority, stranger):
    with misbehaving(ANSWER, tls=serving(stranger.certificate())) as url:
        fault = unreachable("its certificate: unable to get local issuer certificate")
        told(embedded, fault, url, verify=str(authority.file))


def test_of_an_authority_of_our_own_where_none_is_named(embedded, authority, monkeypatch):
    """
    What the environment says of authorities counts for nothing.
    """
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(authority.file))
    with misbehaving(ANSWER, tls=serving(authority.certificate())) as url:
        told(embedded, unreachable("its certificate: unable to get local issuer"), url)


def test_of_another_host(embedded, authority):
    with misbehaving(ANSWER, tls=serving(authority.certificate("127.0.0.2"))) as url:
        fault = unreachable("its certificate: IP address mismatch")
        told(embedded, fault, url, verify=str(authority.file))


def test_run_out(embedded, authority):
    with misbehaving(ANSWER, tls=serving(authority.certificate(days=-1))) as url:
        fault = unreachable("its certificate: certificate has expired")
        told(embedded, fault, url, verify=str(authority.file))


def test_plain_http_where_tls_was_said(embedded, authority):
    def plain(connection):
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}")
        connection.recv(65536)

    with misbehaving(plain) as url:
        fault = unreachable("TLS could not be agreed on (")
        told(embedded, fault, url.replace("http:", "https:"), verify=str(authority.file))


def test_tls_where_plain_http_was_said(embedded, authority):
    with misbehaving(ANSWER, tls=serving(authority.certificate())) as url:
        told(embedded, BROKEN, url.replace("https:", "http:"))


def test_a_handshake_that_does_not_end(embedded, authority):
    with misbehaving(silence) as plain:
        url = plain.replace("http:", "https:")
        told(embedded, timeout("deadline"), url, deadline=0.5, verify=str(authority.file))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_a_version_that_is_too_old(embedded, authority):
    context = serving(authority.certificate())
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with misbehaving(ANSWER, tls=context) as url:
        told(embedded, unreachable("TLS could not be agreed on"), url, verify=str(authority.file))


class TestOfTheClient:
    def test_is_taken_where_it_is_shown(self, embedded, authority):
        with misbehaving(ANSWER, tls=demanding(authority)) as url:
            own = str(authority.certificate())
            told(embedded, ANSWERED, url, verify=str(authority.file), cert=own)

    def test_is_missing(self, embedded, authority):
        with misbehaving(ANSWER, tls=demanding(authority)) as url:
            told(embedded, ENDED, url, verify=str(authority.file))

    def test_is_a_strangers(self, embedded, authority, stranger):
        with misbehaving(ANSWER, tls=demanding(authority)) as url:
            other = str(stranger.certificate())
            told(embedded, ENDED, url, verify=str(authority.file), cert=other)


def demanding(authority):
    """A server that wants a certificate of this authority to be shown."""
    context = serving(authority.certificate())
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.file)
    return context


@pytest.mark.parametrize("option", ["verify", "cert"])
@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_file_that_cannot_be_used(tmp_path, option, content):
    """
    No guard begins without the certificates it was told to use.
    """
    path = tmp_path / "some.pem"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigurationError, match=r"some\.pem") as caught:
        OpaServer("https://127.0.0.1:1", **{option: str(path)})

    assert caught.value.code == "configuration.certificate_unusable"
    assert caught.value.executed == "no"
