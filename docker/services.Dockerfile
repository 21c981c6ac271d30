# One image for the services of the shop, the log pipeline and the seckill; the command says which.
# docker/build.sh prepares the folder `app`.
ARG NODE_IMAGE=node:24-slim
FROM ${NODE_IMAGE}
WORKDIR /rockhopper
COPY app .
# A user without a name or a home: nothing in the image is writable but the data.
RUN mkdir /data && chown 10001:10001 /data
USER 10001:10001
VOLUME /data
ENV HOST=0.0.0.0 PORT=8080 ROCKHOPPER_DATA_DIR=/data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "docker-service.mjs"]
