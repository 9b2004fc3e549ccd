# boardbench, all of it, in a container:
#   docker build --tag boardbench .
#   docker run --rm --volume "$PWD:/project" --user "$(id -u):$(id -g)" boardbench demo --no-browser
# On Linux PyPI's torch brings CUDA, gigabytes of it. For its CPU build give the address of PyTorch's index of CPU wheels:
#   docker build --build-arg PIP_EXTRA_INDEX_URL=ADDRESS --tag boardbench .
FROM python:3.11-slim-trixie

ARG PIP_EXTRA_INDEX_URL=""
WORKDIR /build
COPY constraints.txt LICENSE README.md Snakefile params.yaml pyproject.toml ./
COPY profiles profiles
COPY reports/published reports/published
COPY reports/tables reports/tables
COPY workflow workflow
COPY src src
RUN pip install --no-cache-dir --constraint constraints.txt . \
    && rm -rf /build/* \
    && useradd --uid 1000 --create-home boardbench

# For caches, whoever runs it.
ENV HOME=/tmp XDG_CACHE_HOME=/tmp/.cache
USER 1000
WORKDIR /project
ENTRYPOINT ["boardbench"]
CMD ["--help"]
