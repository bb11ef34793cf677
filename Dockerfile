# The tool alone, not as root: docker build -t openai-threads-cli . && docker run --rm openai-threads-cli --version
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY openai_cli openai_cli
COPY docs/man docs/man
COPY completions completions
RUN python -m venv /opt/openai \
    && /opt/openai/bin/pip install --no-cache-dir --disable-pip-version-check '.[metrics,postgres,serve]' \
    && /opt/openai/bin/pip uninstall --yes pip

FROM python:3.13-slim
RUN useradd --create-home --uid 1000 openai && install -d -o openai -g openai /data
COPY --from=build /opt/openai /opt/openai
ENV PATH=/opt/openai/bin:$PATH OPENAI_LOCAL_STORE=/data/assistants.db
USER openai
WORKDIR /data
VOLUME /data
ENTRYPOINT ["openai"]
CMD ["--help"]
