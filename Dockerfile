# One image for `proctor serve`, `proctor web` and `proctor worker`. It holds what script/build made: run that first.
#
#   script/build && docker build --tag proctor .
#
# docs/deploy.md says how it is run: sandboxes are containers of the engine whose socket it is given, beside this one and not inside of it.
# Only plain instructions: the classic builder of a distribution's engine has to understand them.
ARG FROM=node:24-trixie-slim
FROM ${FROM}
USER root

RUN command -v git >/dev/null \
 || { apt-get update && apt-get install --yes --no-install-recommends ca-certificates git && rm -rf /var/lib/apt/lists/*; }

# Web and workers are two users, so that neither can look into the other's processes; one group shares the folder.
RUN groupadd --gid 10000 proctor \
 && useradd --uid 10001 --gid proctor --no-create-home --home-dir /var/lib/proctor --shell /usr/sbin/nologin proctor-web \
 && useradd --uid 10002 --gid proctor --no-create-home --home-dir /var/lib/proctor/worker --shell /usr/sbin/nologin proctor-worker \
 && install -d -o proctor-web -g proctor -m 2770 /var/lib/proctor

WORKDIR /opt/proctor
COPY package.json app.yml .node-version ./
COPY schemas ./schemas
COPY scenarios ./scenarios
COPY images ./images
COPY dist ./dist

ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000 \
    PROCTOR_DATA=/var/lib/proctor
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=10s --start-period=120s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]

USER proctor-web
# What one of the two users writes, the other can replace; nobody else sees it.
ENTRYPOINT ["/bin/sh", "-c", "umask 0007; exec node /opt/proctor/dist/proctor.js \"$@\"", "proctor"]
CMD ["serve"]
