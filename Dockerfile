# One image for web, pages, worker and beat; docker-compose.yml says which is which.
FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --home /srv/townline townline && install --directory --mode 0700 --owner townline /backups
WORKDIR /srv/townline
COPY deploy/requirements.lock requirements-server.lock
RUN pip install --no-cache-dir --no-deps --require-hashes -r requirements-server.lock
COPY . .
USER townline
EXPOSE 8000
CMD ["uvicorn", "contactcenter.asgi:application", "--host", "0.0.0.0", "--port", "8000", \
     "--ws-max-size", "131072", "--ws-per-message-deflate", "false", "--ws-ping-interval", "20", \
     "--timeout-graceful-shutdown", "3", "--no-proxy-headers"]
