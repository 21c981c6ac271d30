#!/usr/bin/env bash
# Builds the images: docker/build.sh [TAG]. NODE_IMAGE chooses the base (default node:24-slim). rockhopper:TAG is the
# server, rockhopper-services:TAG all services of apps/; the default TAG is dev.
set -euo pipefail
cd "$(dirname "$0")/.."
tag=${1:-dev}
tag=${tag#rockhopper:}
npm run build --silent
(cd packages/cli && ../../node_modules/.bin/pnpm run --silent bundle)
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
image() { # package, Dockerfile, name
  rm -rf "$context/app"
  node_modules/.bin/pnpm --filter "$1" deploy --prod --legacy "$context/app"
  cp docker/docker-service.mjs "$context/app/"
  docker build --build-arg "NODE_IMAGE=${NODE_IMAGE:-node:24-slim}" -f "$2" -t "$3:$tag" "$context"
}
image @rockhopper/cli docker/Dockerfile rockhopper
image @rockhopper/demo docker/services.Dockerfile rockhopper-services
echo "built rockhopper:$tag and rockhopper-services:$tag; try: docker compose -f docker/compose.yaml up"
