"""The examples of docs/operations.md do what the page says, as they are printed."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import requests
from nginx import NGINX
from servers import free_port, program
from test_serve import KEY, serving
from test_several_servers import running

CERTIFICATE = "ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;\n"
TEXT = (Path(__file__).parents[1] / "docs/operations.md").read_text()


def printed(kind: str) -> str:
    """The one example of this kind."""
    (found,) = re.findall(rf"```{kind}\n(.*?)```", TEXT, re.DOTALL)
    return str(found)


def ask(address: str, forwarded_for: str) -> str:
    """The whole answer to a POST from another address than the proxy's own."""
    words = [program("curl", package="curl"), "-s", "-i", "-k", "-X", "POST", "--interface", "127.0.0.2", address]
    words += ["-H", "Host: stats.example.org", "-H", f"X-Forwarded-For: {forwarded_for}"]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=30).stdout


def test_nginx_as_printed_hands_on_who_comes_and_that_it_speaks_https(tmp_path: Path) -> None:
    nginx, openssl = program("nginx", package="nginx-light"), program("openssl", package="openssl")
    words = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=stats.example.org"]
    subprocess.run([*words, "-keyout", "key.pem", "-out", "cert.pem"], cwd=tmp_path, check=True, capture_output=True)
    settings = {"TRUSTED_PROXIES": "127.0.0.1", "ALLOWED_HOSTS": "stats.example.org,127.0.0.1"}
    with serving(tmp_path / "users", "--api-only", **settings) as site:
        port = free_port()
        server = printed("nginx").replace("listen 443", f"listen 127.0.0.1:{port}")
        server = server.replace("http://127.0.0.1:8501", site)
        (tmp_path / "nginx.conf").write_text(
            NGINX.format(folder=tmp_path, within=CERTIFICATE.format(folder=tmp_path) + server)
        )
        config = str(tmp_path / "nginx.conf")
        with running([nginx, "-p", str(tmp_path), "-e", f"{tmp_path}/error.log", "-c", config], port):
            for number in range(5):
                answer = ask(f"https://127.0.0.1:{port}/api/stats/track-user", f"198.51.100.{number}")
                assert '{"success":true,"count":1}' in answer, "what a client writes itself is not believed"
            answer = ask(f"https://127.0.0.1:{port}/health", "198.51.100.9")
            assert "SameSite=Lax; Secure" in answer
            assert "strict-transport-security: max-age=" in answer


def test_prometheus_takes_the_metrics_and_the_example(tmp_path: Path) -> None:
    promtool = program("promtool", package="prometheus")
    (tmp_path / "prometheus.yml").write_text(printed("yaml"))
    words = [promtool, "check", "config", "prometheus.yml"]
    checked = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with serving(tmp_path / "users", "--api-only", OPEN_REPORTING="true") as site:
        report = {"count": 5, "instanceId": "berlin.example"}
        requests.post(f"{site}/api/stats/report-users", json=report, timeout=20).raise_for_status()
        requests.post(f"{site}/api/stats/track-user", timeout=20).raise_for_status()
        metrics = requests.get(f"{site}/metrics", headers={"Authorization": f"Bearer {KEY}"}, timeout=20)
    checked = subprocess.run([promtool, "check", "metrics"], input=metrics.content, capture_output=True, timeout=30)
    assert (checked.returncode, checked.stderr) == (0, b"")
    assert b'user_stats_instance_reported{instance="berlin.example"} 5' in metrics.content
