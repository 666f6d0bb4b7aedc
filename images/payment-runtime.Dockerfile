# The payment runtime, for users with docker, podman or buildah. From the root of the checkout:
#
#   docker build --file images/payment-runtime.Dockerfile --tag REGISTRY/payment-runtime:TAG .
#
# images/rootfs lays out the files, as it does for scripts/images: both ways give the same image.

ARG BASE=debian:12
FROM ${BASE} AS build
WORKDIR /src
COPY scripts/setup scripts/setup
RUN scripts/setup build && apt-get install --yes --no-install-recommends ca-certificates
COPY . .
RUN cmake --preset release -DBUILD_TESTING=OFF && cmake --build --preset release --target payment_runtime_program
RUN images/rootfs payment-runtime build/release/bin/payment-runtime /rootfs

FROM scratch
COPY --from=build /rootfs /
ENV PATH=/usr/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
ENTRYPOINT ["/usr/bin/payment-runtime"]
