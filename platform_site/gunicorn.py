"""Gunicorn's settings, from the platform's configuration."""

from platform_site.configuration import load_configuration

_web = load_configuration().web

bind = f"{_web.host}:{_web.port}"
workers = _web.workers
threads = _web.threads
worker_class = "gthread"
# The application is loaded once and shared copy-on-write by the workers.
preload_app = True
timeout = 60
max_requests = 10_000
max_requests_jitter = 1_000
accesslog = None
# Its socket would lie in the home folder; nothing here is steered through it.
control_socket_disable = True
